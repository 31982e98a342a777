"""What is refused before anything of a sheet is believed."""

import io
import zipfile
from datetime import date, datetime

import pytest

from suwen.groups import people, workbook
from suwen.groups.errors import SheetRefused
from suwen.groups.imports import read_sheet
from tests import workbooks

GOOD = [workbooks.person(number) for number in range(1, 4)]
SHEET = "xl/worksheets/sheet1.xml"


def refusal(file):
    """The reason why a file is refused, as it stands beside the field."""
    with pytest.raises(SheetRefused) as caught:
        list(workbook.open_rows(file))
    assert caught.value.fields == {"file": caught.value.text}
    return str(caught.value.text)


def test_rows_come_with_their_numbers():
    rows = list(workbook.open_rows(workbooks.workbook([GOOD[0], [], GOOD[1]])))
    assert [number for number, _cells in rows] == [1, 2, 4]
    assert rows[1][1][0] == GOOD[0][0]


@pytest.mark.parametrize("row", range(2))
def test_formulas_are_refused(row):
    rows = [list(one) for one in GOOD]
    rows[row][0] = "=1+1"
    assert refusal(workbooks.workbook(rows)) == workbook.FORMULAS


def test_a_formula_on_another_page_is_refused():
    book = workbooks.workbook(GOOD)
    other = workbooks.part(workbooks.workbook([["=NOW()"]]), SHEET)
    assert (
        refusal(workbooks.repacked(book, {"xl/worksheets/sheet2.xml": other})) == workbook.FORMULAS
    )


def test_a_formula_across_two_pieces_is_found(monkeypatch):
    monkeypatch.setattr(workbook, "_CHUNK", 64)
    assert refusal(workbooks.workbook([["=1+1"]])) == workbook.FORMULAS


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("xl/vbaProject.bin", workbook.MACROS),
        ("xl/activeX/activeX1.xml", workbook.MACROS),
        ("xl/embeddings/oleObject1.bin", workbook.MACROS),
        ("customUI/customUI.xml", workbook.MACROS),
        ("xl/externalLinks/externalLink1.xml", workbook.LINKS),
        ("xl/connections.xml", workbook.LINKS),
    ],
)
def test_what_could_run_or_reach_out_is_refused(name, reason):
    assert refusal(workbooks.repacked(workbooks.workbook(GOOD), {name: b"x"})) == reason


def test_a_workbook_that_says_it_has_macros_is_refused():
    book = workbooks.workbook(GOOD)
    types = workbooks.part(book, "[Content_Types].xml").replace(
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    )
    assert refusal(workbooks.repacked(book, {"[Content_Types].xml": types})) == workbook.MACROS


def test_what_is_encrypted_or_old_is_refused():
    assert (
        refusal(io.BytesIO(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512))) == workbook.ENCRYPTED
    )


@pytest.mark.parametrize("content", [b"", b"name,birth", b"PK\x03\x04broken", b"%PDF-1.7"])
def test_what_is_no_sheet_is_refused(content):
    assert refusal(io.BytesIO(content)) == workbook.NOT_A_SHEET


def test_another_archive_is_refused():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    assert refusal(made) == workbook.NOT_A_SHEET


def test_a_bomb_is_refused_unpacked(monkeypatch):
    bomb = workbooks.repacked(workbooks.workbook(GOOD), {"xl/sharedStrings.xml": bytes(40 << 20)})
    assert bomb.getbuffer().nbytes < 1 << 20
    monkeypatch.setattr("openpyxl.load_workbook", None)
    assert refusal(bomb) == workbook.TOO_LARGE


def test_a_large_part_that_is_read_whole_is_refused():
    parts = {"xl/styles.xml": bytes(3 << 20)}
    assert refusal(workbooks.repacked(workbooks.workbook(GOOD), parts)) == workbook.TOO_LARGE


def test_a_large_file_is_refused_by_its_size():
    assert refusal(io.BytesIO(bytes(workbook.MAX_BYTES + 1))) == workbook.TOO_LARGE


def test_entities_are_not_expanded():
    book = workbooks.workbook(GOOD)
    entity = b'<!DOCTYPE a [<!ENTITY b "c">]>'
    shared = entity + b"<sst><si><t>&b;</t></si></sst>"
    assert refusal(workbooks.repacked(book, {"xl/sharedStrings.xml": shared})) == workbook.DAMAGED
    sheet = workbooks.part(book, SHEET).replace(b"<worksheet", entity + b"<worksheet", 1)
    assert refusal(workbooks.repacked(book, {SHEET: sheet})) in {workbook.LINKS, workbook.DAMAGED}


def test_a_damaged_sheet_is_refused():
    book = workbooks.workbook(GOOD)
    cut = workbooks.part(book, SHEET)[:300]
    assert refusal(workbooks.repacked(book, {SHEET: cut})) == workbook.DAMAGED


def test_more_rows_than_may_come_are_refused(monkeypatch):
    monkeypatch.setattr(workbook, "MAX_ROWS", 2)
    assert refusal(workbooks.workbook(GOOD)) == workbook.TOO_LONG
    assert len(list(workbook.open_rows(workbooks.workbook(GOOD[:2])))) == 3


def test_a_million_rows_are_refused_without_reading_them(monkeypatch):
    book = workbooks.workbook(GOOD)
    xml = workbooks.part(book, SHEET)
    many = xml.replace(b"</sheetData>", b'<row r="9"/>' * 1_000_000 + b"</sheetData>")
    monkeypatch.setattr("openpyxl.load_workbook", None)
    assert refusal(workbooks.repacked(book, {SHEET: many})) == workbook.TOO_LONG


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("headings", "words"),
    [
        (("姓名", "性别"), "姓名"),
        (("姓名", "出生日期", "身份证号"), "身份证号"),
        (("姓名", "出生日期", "生日"), "生日"),
        ((), "第 1 行"),
    ],
)
def test_wrong_headings_are_refused_by_name(headings, words, house):
    with pytest.raises(SheetRefused) as caught:
        read_sheet(workbooks.workbook(GOOD, headings), house.vault, 1)
    assert words in str(caught.value.text.interpolate())


@pytest.mark.sqlite
def test_a_sheet_without_people_is_refused(house):
    with pytest.raises(SheetRefused) as caught:
        read_sheet(workbooks.workbook([]), house.vault, 1)
    assert caught.value.text == workbook.EMPTY


@pytest.mark.parametrize(
    "text",
    ["1990-05-06", "1990/5/6", "1990.05.06", "1990年5月6日", "19900506", "１９９０-０５-０６"],
)
def test_dates_as_people_write_them(text):
    assert people.birth_date(text).isoformat() == "1990-05-06"


@pytest.mark.parametrize(
    "text", ["1990-13-06", "5/6/1990", "1990", "2999-01-01", "1850-01-01", "33000", "abc", "1990-5"]
)
def test_dates_that_are_none(text):
    with pytest.raises(ValueError):
        people.birth_date(text)


def test_every_fault_of_a_row_is_found():
    facts, faults = people.read(
        {
            "name": "",
            "birth_date": "昨天",
            "sex": "x",
            "phone": "12",
            "email": "a@",
            "number": "9" * 41,
        }
    )
    assert facts is None
    assert faults == {
        "name": people.MISSING,
        "birth_date": people.BAD_DATE,
        "sex": people.BAD_SEX,
        "phone": people.BAD_PHONE,
        "email": people.BAD_EMAIL,
        "number": people.TOO_LONG,
    }


def test_numbers_and_dates_of_excel_come_back_as_they_were_typed():
    assert workbook.text_of(13812345678.0) == "13812345678"
    assert workbook.text_of(datetime(1990, 5, 6)) == "1990-05-06"  # noqa: DTZ001 - as openpyxl gives it
    assert workbook.text_of(date(1990, 5, 6)) == "1990-05-06"
    assert workbook.text_of(None) == ""
    assert workbook.text_of(" 王  ") == "王"
