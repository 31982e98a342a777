"""PDF documents that no archive may take, made of plain bytes, each with the reason to refuse it.

``hostile_pdfs()`` is the corpus; ``document()`` and ``pdf()`` make more. Streams that blow up are
built once per process.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

SCRIPT: Final = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
BOMB_BYTES: Final = 160_000_000
_BLOCK: Final = bytes(1_000_000)


@dataclass(frozen=True, slots=True)
class HostileDocument:
    """Bytes that must be refused, and the reason codes that name why."""

    name: str
    content: bytes
    reasons: frozenset[str]


def pdf(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    """A PDF of these objects, numbered from 1; the first is the catalog."""
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (len(offsets) + 1, trailer)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def stream(data: bytes, entries: bytes = b"") -> bytes:
    """A stream object."""
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(data), entries, data)


def document(
    *extra: bytes,
    catalog: bytes = b"",
    page: bytes = b"",
    content: bytes | None = None,
    trailer: bytes = b"",
) -> bytes:
    """One empty page. ``catalog`` and ``page`` are further entries of these dictionaries, ``extra``
    further objects, numbered from 5.
    """
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R %s >>" % page,
        stream(b"") if content is None else content,
    ]
    return pdf([*objects, *extra], trailer)


def packed(objects: Sequence[bytes]) -> bytes:
    """The same objects, numbered from 1, inside a compressed object stream."""
    index, body = b"", b""
    for number, content in enumerate(objects, start=1):
        index += b"%d %d " % (number, len(body))
        body += content + b" "
    entries = b"/Type /ObjStm /N %d /First %d /Filter /FlateDecode" % (len(objects), len(index))
    return _with_object_stream(len(objects), stream(zlib.compress(index + body), entries))


def _with_object_stream(count: int, content: bytes) -> bytes:
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    at = len(out)
    out += b"%d 0 obj\n%s\nendobj\n" % (count + 1, content)
    start = len(out)
    rows = [_row(0, 0, 65535), *(_row(2, count + 1, place) for place in range(count))]
    rows += [_row(1, at, 0), _row(1, start, 0)]
    entries = b"/Type /XRef /Size %d /W [1 4 2] /Root 1 0 R" % (count + 3)
    out += b"%d 0 obj\n%s\nendobj\n" % (count + 2, stream(b"".join(rows), entries))
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def _row(kind: int, first: int, second: int) -> bytes:
    return kind.to_bytes(1, "big") + first.to_bytes(4, "big") + second.to_bytes(2, "big")


@cache
def bomb() -> bytes:
    """Zeros that were 160 MB before compression and are 160 kB after."""
    squeeze = zlib.compressobj()
    parts = [squeeze.compress(_BLOCK) for _ in range(BOMB_BYTES // len(_BLOCK))]
    return b"".join([*parts, squeeze.flush()])


def annotated(annotation: bytes) -> bytes:
    """A page with one annotation, which is object 5."""
    return document(b"<< /Type /Annot /Rect [0 0 9 9] %s >>" % annotation, page=b"/Annots [5 0 R]")


@cache
def hostile_pdfs() -> tuple[HostileDocument, ...]:
    """The whole corpus."""
    found = [*_disguises(), *_active(), *_attached(), *_damaged(), *_heavy()]
    return tuple(
        HostileDocument(name, content, frozenset(codes.split())) for name, content, codes in found
    )


def _disguises() -> Iterator[tuple[str, bytes, str]]:
    good = document()
    yield "nothing", b"", "empty"
    yield "a web page", b"<!doctype html><script>alert(1)</script>", "not_pdf"
    yield "a picture", b"\x89PNG\r\n\x1a\n" + bytes(64), "not_pdf"
    yield "a program", b"MZ\x90\x00" + bytes(64), "not_pdf"
    yield "an archive", b"PK\x03\x04" + bytes(64), "not_pdf"
    yield "a web page before the header", b"<html><body>" + good, "not_pdf"
    yield "junk before the header", b"\n\n" + good, "not_pdf"
    yield "a web page in a comment", good.replace(b"\n", b"\n%<ScRiPt src=x>\n", 1), "polyglot"
    yield "an archive behind the end", good + b"PK\x03\x04" + bytes(64) + b"x", "trailing_data"


def _active() -> Iterator[tuple[str, bytes, str]]:
    goto = b"<< /S /GoTo /D [3 0 R /Fit] >>"
    yield "script by name", document(catalog=b"/Names << /JavaScript 9 0 R >>"), "javascript"
    yield "script on opening", document(catalog=b"/OpenAction " + SCRIPT), "javascript open_action"
    yield "script behind a reference", document(SCRIPT, catalog=b"/OpenAction 5 0 R"), "javascript"
    hidden = b"<< /S /#4aavaScr#69pt /J#53 (app.alert\\(1\\)) >>"
    yield "script in disguise", document(hidden, catalog=b"/OpenAction 5 0 R"), "javascript"
    pages = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>"
    yield (
        "script in an object stream",
        packed([b"<< /Type /Catalog /Pages 2 0 R /OpenAction 4 0 R >>", pages, page, SCRIPT]),
        "javascript open_action",
    )
    yield "an action on opening", document(catalog=b"/OpenAction " + goto), "open_action"
    yield "an action of a page", document(page=b"/AA << /O " + goto + b" >>"), "additional_action"
    yield "a program to start", annotated(b"/A << /S /Launch /F (calc.exe) >>"), "launch"
    yield (
        "a program to start, its kind behind a reference",
        document(
            b"<< /Type /Annot /A << /S 6 0 R /F (calc.exe) >> >>",
            b"/Laun#63h",
            page=b"/Annots [5 0 R]",
        ),
        "launch",
    )
    yield "a form that sends", annotated(b"/A << /S /SubmitForm /F (x) >>"), "submit_form"
    yield "a form that loads", annotated(b"/A << /S /ImportData /F (x) >>"), "submit_form"
    link = annotated(b"/Subtype /Link /A << /S /URI /URI (https://example.org/) >>")
    yield "a link outside", link, "external_link"
    yield "a link into a file", annotated(b"/A << /S /GoToR /F (x) >>"), "external_link"
    yield "a page elsewhere", document(content=stream(b"", b"/F (x.bin)")), "external_link"
    yield "a dynamic form", document(catalog=b"/AcroForm << /Fields [] /XFA [] >>"), "xfa"


def _attached() -> Iterator[tuple[str, bytes, str]]:
    file = stream(b"MZ", b"/Type /EmbeddedFile")
    spec = b"<< /Type /Filespec /F (x.exe) /EF << /F 5 0 R >> >>"
    yield (
        "an embedded file",
        document(file, spec, catalog=b"/Names << /EmbeddedFiles << /Names [(x) 6 0 R] >> >>"),
        "embedded_file",
    )
    yield "an attached file", annotated(b"/Subtype /FileAttachment /FS (x)"), "embedded_file"
    yield (
        "a file that nothing names",
        document(stream(b"MZ"), b"<< /EF << /F 5 0 R >> >>"),
        "embedded_file",
    )
    yield "a film", annotated(b"/Subtype /RichMedia"), "rich_media"
    yield "a sound", annotated(b"/Subtype /Link /A << /S /Sound >>"), "rich_media"
    standard = b"<< /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -4 >>" % (b"a0" * 32, b"b0" * 32)
    locked = b"/Encrypt %s /ID [<%s> <%s>]" % (standard, b"c0" * 16, b"c0" * 16)
    yield "a lock", document(trailer=locked), "encrypted"


def _damaged() -> Iterator[tuple[str, bytes, str]]:
    good = document()
    yield "half a document", good[: len(good) // 2], "malformed"
    yield "a header only", b"%PDF-1.7\n%%EOF\n", "malformed"
    yield "noise", b"%PDF-1.7\n" + bytes(range(1, 256)) * 20 + b"\n%%EOF\n", "malformed no_pages"
    empty = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"]
    yield "no page", pdf(empty), "no_pages malformed"
    circle = [empty[0], b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 9 /Parent 2 0 R >>"]
    yield "pages in a circle", pdf(circle), "malformed no_pages too_heavy"
    catalog = [b"<< /Type /Catalog /Pages 1 0 R >>"]
    yield "a catalog that is its own pages", pdf(catalog), "malformed no_pages too_heavy"


def _heavy() -> Iterator[tuple[str, bytes, str]]:
    flate = b"/Filter /FlateDecode"
    yield "a stream that blows up", document(content=stream(bomb(), flate)), "too_heavy"
    yield "one that nothing names", document(stream(bomb(), flate)), "too_heavy"
    twice = stream(zlib.compress(bomb()), b"/Filter [/FlateDecode /FlateDecode]")
    yield "one that blows up twice", document(content=twice), "too_heavy"
    text = stream(bomb().hex().encode() + b">", b"/Filter [/ASCIIHexDecode /FlateDecode]")
    yield "one wrapped in text", document(content=text), "too_heavy"
    entries = b"/Type /ObjStm /N 3 /First 12 " + flate
    yield (
        "objects that blow up",
        _with_object_stream(3, stream(bomb(), entries)),
        "too_heavy malformed",
    )
    yield "arrays without end", document(b"[" * 200_000), "too_heavy malformed"
    kids = b"<< /Type /Pages /Kids [%s] /Count 5000 >>" % (b"3 0 R " * 5000)
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>"
    yield (
        "too many pages",
        pdf([b"<< /Type /Catalog /Pages 2 0 R >>", kids, page]),
        "too_many_pages",
    )
    yield "too many objects", document(*[b"1"] * 150_000), "too_heavy"
