import io
import os
import signal
import subprocess
import sys
import zlib

import pytest
from pypdf import PdfReader, PdfWriter

from suwen.hookspecs.archive import RecordView, Upload
from suwen.kernel.plugins.host import PluginHost
from suwen.testing.archive import context, refusal_of, timed
from suwen.testing.documents import document, packed, pdf, stream
from suwen_archive_gene_report import offer, plugin, sandbox
from suwen_archive_gene_report.archive_type import GeneReport, RecordSchema
from suwen_archive_gene_report.refusals import REASONS

TYPE = GeneReport()
CTX = context(TYPE)
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Annots [4 0 R] >>"


def reason(content):
    refused = timed(lambda: refusal_of(TYPE, CTX, Upload("report.pdf", content)))
    return refused.reason_code if refused else None


def inspect(content):
    return TYPE.inspect(CTX, Upload("report.pdf", content))


def test_the_plugin_loads_with_its_test_types():
    host = PluginHost(strict=True)
    host.register("archive_gene_report", plugin, "0.1.0")
    assert host.archive_types.get("gene_report").plugin == "archive_gene_report"
    wanted = {"drug_response", "tumour_risk", "carrier_screening", "nutrition", "chronic_risk"}
    assert wanted <= {item.code for item in host.test_types}
    assert host.test_types.get("nutrition").obj.questionnaires == ("t157-2009-adult",)


def test_blood_is_taken_on_site_only():
    for test in offer.TEST_TYPES:
        methods = ("on_site",) if test.specimen == "venous_blood" else ("on_site", "mail")
        assert test.collection_methods == methods


def test_minors_get_one_test_only():
    assert [test.code for test in offer.TEST_TYPES if test.minors_allowed] == ["child_safety"]


def test_every_test_has_a_title_in_english():
    assert set(offer.ENGLISH) == set(offer.TITLES)


def test_a_report_is_read(make_report):
    content = make_report(pages=3)
    seen = inspect(content)
    assert seen.content == content
    assert (seen.media_type, seen.pages) == ("application/pdf", 3)
    assert seen.parsed == {
        "report_no": "GR-2026-0001",
        "name": "张三",
        "birth_date": "1990-05-01",
        "barcode": "SW1234567890",
        "test_code": "drug_response",
        "report_date": "2026-11-20",
    }


def test_a_report_saved_again_with_object_streams_is_read(make_report):
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(make_report())))
    buffer = io.BytesIO()
    writer.compress_identical_objects()
    writer.write(buffer)
    assert inspect(buffer.getvalue()).parsed["barcode"] == "SW1234567890"


def test_a_report_without_text_is_accepted_and_says_nothing():
    assert inspect(document()).parsed == {}


def test_text_that_cannot_be_read_is_left_out():
    font = b"<< /Type /Font /Subtype /Type0 /Encoding 7 /DescendantFonts 3 >>"
    page = b"/Resources << /Font << /F1 5 0 R >> >>"
    text = stream(b"BT /F1 12 Tf <0102> Tj ET")
    assert inspect(document(font, page=page, content=text)).parsed == {}


PACKED = [
    (b"<< /A << /S /Launch /F (x) >> >>", "launch"),
    (b"<< /A << /S 5 0 R /F (x) >> >>", "launch"),
    (b"<< /A << /S /SubmitForm /F (x) >> >>", "submit_form"),
    (b"<< /A << /S /ImportData /F (x) >> >>", "submit_form"),
    (b"<< /A << /S /URI /URI (https://example.org) >> >>", "external_link"),
    (b"<< /A << /S /GoToE /F (x) >> >>", "embedded_file"),
    (b"<< /A [ [ << /Next << /S /JavaScript >> >> ] ] >>", "javascript"),
    (b"<< /A << /J#53 (x) >> >>", "javascript"),
    (b"<< /Subtype /RichMedia >>", "rich_media"),
    (b"<< /Subtype /FileAttachment >>", "embedded_file"),
    (b"<< /FS << /EF << >> >> >>", "embedded_file"),
    (b"<< /EmbeddedFiles << >> >>", "embedded_file"),
    (b"<< /AA << >> >>", "additional_action"),
    (b"<< /XFA (x) >>", "xfa"),
    (b"<< /OpenAction << /S /GoTo >> >>", "open_action"),
]


@pytest.mark.parametrize(("annotation", "code"), PACKED)
def test_what_is_forbidden_is_found_in_object_streams(annotation, code):
    catalog = b"<< /Type /Catalog /Pages 2 0 R >>"
    content = packed([catalog, PAGES, PAGE, annotation, b"/Laun#63h"])
    assert b"Launch" not in content
    assert reason(content) == code


def test_an_object_stream_without_anything_forbidden_is_accepted():
    catalog = b"<< /Type /Catalog /Pages 2 0 R >>"
    assert reason(packed([catalog, PAGES, PAGE, b"<< /Subtype /Square >>"])) is None


def test_an_object_outside_the_table_is_found():
    # A viewer that rebuilds the table would run it; a parser never sees it.
    hidden = b"9 0 obj << /S /JavaScript /JS (x) >> endobj\n"
    content = document().replace(b"xref", hidden + b"xref", 1)
    assert reason(content) == "javascript"


def test_a_real_encrypted_report_is_refused(make_report):
    for algorithm in ("RC4-128", "AES-256"):
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(make_report())))
        writer.encrypt("", "owner", algorithm=algorithm)
        buffer = io.BytesIO()
        writer.write(buffer)
        assert reason(buffer.getvalue()) == "encrypted"


def test_the_number_of_pages_is_a_setting(make_report):
    content = make_report(pages=4)
    for most, expected in ((3, "too_many_pages"), (4, None)):
        ctx = context(TYPE)
        ctx.settings["max_pages"] = most
        refused = refusal_of(TYPE, ctx, Upload("x.pdf", content))
        assert (refused.reason_code if refused else None) == expected


def lzw_bomb():
    # Code 256 clears the table; then one byte that is repeated by ever longer entries.
    bits, width, size = "100000000" + "000000000", 9, 258
    for code in range(258, 4095):
        size += 1
        width = 12 if size > 2047 else 11 if size > 1023 else 10 if size > 511 else 9
        bits += f"{code:0{width}b}"
    block = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    return block * 60


def flate(data):
    return stream(zlib.compress(data), b"/Filter /FlateDecode")


def character_map():
    cmap = b"begincmap " + b"1 beginbfrange <0000> <ffffffff> <0041> endbfrange " * 5_000
    font = b"<< /Type /Font /Subtype /Type0 /ToUnicode 6 0 R /DescendantFonts [] >>"
    page = b"/Resources << /Font << /F1 5 0 R >> >>"
    return document(font, stream(cmap), page=page, content=stream(b"BT /F1 12 Tf (abc) Tj ET"))


def circular_form():
    drawn = b"/Resources << /XObject << /X 5 0 R >> >>"
    form = stream(b"/X Do " * 100, b"/Subtype /Form " + drawn)
    return document(form, page=drawn, content=stream(b"/X Do"))


def doubling_pages():
    """Two to the power of sixty pages."""
    nodes = [b"<< /Type /Pages /Kids [%d 0 R %d 0 R] /Count 1 >>" % (n, n) for n in range(3, 63)]
    return pdf([b"<< /Type /Catalog /Pages 2 0 R >>", *nodes, PAGE])


HEAVY = {
    "operators": lambda: document(content=flate(b"BT (abc) Tj ET 1 0 0 1 0 0 cm\n" * 500_000)),
    "dictionary": lambda: document(b"<< " + b"/K [1 1 1 1 1 1 1 1 1 1] " * 400_000 + b">>"),
    "arrays": lambda: document(*[b"[" + b"1 " * 99_000 + b"]"] * 90),
    "deep dictionaries": lambda: document(b"<< /A " * 50_000),
    "deep arrays in a page": lambda: document(content=stream(b"[" * 100_000)),
    "character map": character_map,
    "form that draws itself": circular_form,
    "runs": lambda: document(content=stream(b"\x81\x00" * 200_000, b"/Filter /RunLengthDecode")),
    "words": lambda: document(content=stream(lzw_bomb(), b"/Filter /LZWDecode")),
    "table elsewhere": lambda: document().replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev 1"),
    "labels": lambda: document(content=flate(b"BT (" + b"name " * 200_000 + b") Tj ET")),
    "brackets": lambda: b"%PDF-1.7\n" + b"<<" * 5_000_000 + b"\n%%EOF\n",
    "objects": lambda: b"%PDF-1.7\n" + b"1 0 obj\n" * 1_000_000 + b"\n%%EOF\n",
    "doubling pages": doubling_pages,
}


@pytest.mark.parametrize("name", HEAVY)
def test_heavy_documents_end_in_time(name):
    content = HEAVY[name]()
    assert len(content) <= TYPE.info.max_bytes
    code = reason(content)
    assert code is None or code in REASONS


@pytest.mark.parametrize("name", ["runs", "words"])
def test_other_compressions_that_blow_up_are_refused(name):
    assert reason(HEAVY[name]()) == "too_heavy"


def test_a_worker_that_hangs_is_killed(monkeypatch, make_report):
    monkeypatch.setattr(sandbox, "WALL_S", 0.01)
    assert reason(make_report()) == "too_heavy"


def test_a_worker_that_cannot_start_is_no_fault_of_the_document(monkeypatch, make_report):
    monkeypatch.setattr(sandbox, "_WORKER", "no_such_module")
    with pytest.raises(sandbox.WorkerBrokenError):
        inspect(make_report())


def test_the_worker_knows_no_secret(monkeypatch, make_report):
    seen = {}
    real = subprocess.run

    def run(command, **options):
        seen.update(options["env"])
        return real(command, **options)

    monkeypatch.setenv("SUWEN_MASTER_KEY", "geheim")
    monkeypatch.setattr(subprocess, "run", run)
    inspect(make_report())
    assert "SUWEN_MASTER_KEY" not in seen
    assert set(seen) <= set(os.environ)


def limited(code):
    """Exit status and errors of code that runs under the worker's limits."""
    code = f"from suwen_archive_gene_report import worker; worker.limit()\n{code}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_the_worker_may_not_write_files(tmp_path):
    target = tmp_path / "written"
    status, errors = limited(f"open({str(target)!r}, 'w').write('x' * 100_000)")
    assert status != 0
    assert "too large" in errors
    assert target.stat().st_size == 0


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not bound the address space")
def test_the_worker_may_not_eat_the_memory():
    assert limited("bytearray(100_000_000)") == (0, "")
    status, errors = limited("bytearray(800_000_000)")
    assert status != 0
    assert "MemoryError" in errors


def test_the_worker_may_not_eat_the_processor():
    status, _ = limited("while True: pass")
    assert status in {-signal.SIGXCPU, -signal.SIGKILL}


def record(**facts):
    return RecordView("报告", RecordSchema().deserialize(facts))


def test_a_record_is_presented_in_both_languages():
    view = record(
        test_code="nutrition", report_no="GR-1", report_date="2026-11-20", laboratory="样例检验所"
    )
    assert TYPE.present(view, "zh_CN") == [
        ("检测项目", "营养代谢基因检测"),
        ("报告编号", "GR-1"),
        ("报告日期", "2026-11-20"),
        ("检测机构", "样例检验所"),
    ]
    assert TYPE.present(view, "en")[:2] == [
        ("Test", "Nutrition and metabolism"),
        ("Report number", "GR-1"),
    ]


def test_what_is_unknown_is_left_out():
    view = record(test_code="nutrition", report_date="2026-11-20")
    assert [label for label, _ in TYPE.present(view, "zh_CN")] == ["检测项目", "报告日期"]
