"""Shared types: strict in JSON, a strict grammar in text."""

from __future__ import annotations

from datetime import UTC, date, datetime

import colander
import pytest

from suwen.forms import schemas
from suwen.forms.schemas import (
    DateTimeOut,
    Day,
    DivisionCode,
    Fen,
    IdString,
    MapOf,
    StrictBoolean,
    StrictInteger,
    Text,
    UploadedFile,
    Yuan,
)
from suwen.forms.wording import fields_of, reworded
from suwen.kernel.errors import Invalid


def read(typ, value, *, text=False):
    return colander.SchemaNode(typ).bind(text=text).deserialize(value)


def refused(typ, value, *, text=False):
    with pytest.raises(colander.Invalid) as caught:
        read(typ, value, text=text)
    return str(caught.value.msg)


@pytest.mark.parametrize("value", ["5", 5.0, 5.5, True, False, [5], float("nan")])
def test_json_knows_what_a_number_is(value):
    refused(StrictInteger(), value)


@pytest.mark.parametrize(("value", "number"), [("5", 5), (" 5 ", 5), ("-5", -5), ("007", 7)])
def test_text_is_read_as_a_number(value, number):
    assert read(StrictInteger(), value, text=True) == number


@pytest.mark.parametrize("value", ["1_000", "５", "+5", "5.0", "1e3", "0x5", "1" * 20, "5 5", "x"])
def test_text_that_is_no_number(value):
    refused(StrictInteger(), value, text=True)


@pytest.mark.parametrize("number", [-1, 10**13 + 1])
def test_money_has_bounds(number):
    refused(Fen(), number)
    assert read(Fen(), 0) == 0


def test_nothing_is_not_a_value():
    for typ in (StrictInteger(), StrictBoolean(), Text(), Day(), IdString()):
        for value in (None, "", colander.null):
            refused(typ, value)


@pytest.mark.parametrize("value", [1, 0, "true", "", []])
def test_json_knows_what_a_boolean_is(value):
    refused(StrictBoolean(), value)


@pytest.mark.parametrize(("value", "meant"), [("on", True), ("TRUE", True), ("0", False)])
def test_text_is_read_as_a_boolean(value, meant):
    assert read(StrictBoolean(), value, text=True) is meant
    refused(StrictBoolean(), "perhaps", text=True)


def test_text_is_trimmed_and_composed():
    assert read(Text(), "  e\u0301 ") == "é"
    assert read(Text(multiline=True), "a\r\nb") == "a\nb"


@pytest.mark.parametrize("value", ["a\nb", "a\x00b", "a\x1bb", "a\ud800b", "a\x7fb", 5, ["a"]])
def test_text_has_no_control_characters(value):
    refused(Text(), value)


@pytest.mark.parametrize(
    "value",
    ["2026-2-1", "2026-02-30", "0001-01-01", "9999-12-31", "20260201", "2026-02-01T00:00", 1],
)
def test_a_day_is_written_one_way(value):
    refused(Day(), value)
    assert read(Day(), "2026-02-01") == date(2026, 2, 1)


def test_moments_have_an_offset():
    assert read(DateTimeOut(), "2026-11-22T14:05:00+08:00") == datetime(
        2026, 11, 22, 6, 5, tzinfo=UTC
    )
    refused(DateTimeOut(), "2026-11-22T14:05:00")


@pytest.mark.parametrize("value", ["0", "01", "-1", "1.0", "１", str(2**63), 5])
def test_ids_are_strings_of_digits(value):
    refused(IdString(), value)
    assert read(IdString(), str(2**63 - 1)) == 2**63 - 1


@pytest.mark.parametrize("value", ["4", "0306", "4306021", "43a6", "４３０６"])
def test_division_codes(value):
    refused(DivisionCode(), value)
    assert read(DivisionCode(), "430602") == "430602"


def test_yuan_are_read_as_fen():
    assert [read(Yuan(), text) for text in ("12", "12.5", "12.50", "0.01")] == [1200, 1250, 1250, 1]
    for bad in ("12.345", "1,200", "１２", "-1", ".5", 12):
        refused(Yuan(), bad)
    assert colander.SchemaNode(Yuan()).serialize(1250) == "12.50"


def test_maps_name_the_key_that_is_wrong():
    node = colander.SchemaNode(MapOf(StrictInteger(1, 5), key="[0-9]+"), name="answers")
    with pytest.raises(colander.Invalid) as caught:
        node.deserialize({"1": 5, "2": 6, "x": 1})

    assert set(fields_of(caught.value)) == {"answers.2", "answers.x"}
    assert node.deserialize({"1": 5}) == {"1": 5}


def test_a_file_is_a_file():
    refused(UploadedFile(), "a.pdf", text=True)


class Form(colander.MappingSchema):
    quantity = colander.SchemaNode(StrictInteger(1, 9))
    note = colander.SchemaNode(Text(), validator=colander.Length(max=3), missing=None)


def test_views_get_named_fields():
    with pytest.raises(Invalid) as caught:
        schemas.validated(Form(), {"quantity": "10", "note": "1234", "price": "0"})

    assert {name: text.interpolate() for name, text in caught.value.fields.items()} == {
        "quantity": "不能大于 9",
        "note": "最多 3 个字",
    }
    assert schemas.validated(Form(), {"quantity": "9", "price": "0"}) == {
        "quantity": 9,
        "note": None,
    }


def test_colanders_messages_are_ours_and_repeat_nothing():
    node = colander.SchemaNode(colander.String(), validator=colander.OneOf(["a"]))
    with pytest.raises(colander.Invalid) as caught:
        node.deserialize("<script>")

    assert reworded(caught.value.msg, node) == "请从给出的选项中选择"
    unknown = colander._("${val} is odd", mapping={"val": "<script>"})
    assert "<script>" not in str(reworded(unknown, node))
    assert reworded("我们自己的话", node) == "我们自己的话"
