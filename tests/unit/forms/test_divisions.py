from types import SimpleNamespace

import pytest

from suwen.forms.divisions import PORT, TooCoarse, picked, picker, require_finest, turning
from suwen.places import divisions

HOUSE = SimpleNamespace(ports={PORT: divisions})
NAME = "region_code"


def fields(province="", city="", county="", **more):
    levels = {f"{NAME}-province": province, f"{NAME}-city": city, f"{NAME}-county": county}
    return {**levels, **{f"{NAME}-{name}": value for name, value in more.items()}}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({}, ""),
        ({NAME: "430602"}, "430602"),
        (fields("43", "4306", "430602"), "430602"),
        (fields("43", "4306"), "4306"),
        (fields("43", "1101", "110101"), "43"),
        (fields("43", "4306", "110101"), "4306"),
        (fields("", "4306", "430602"), ""),
        (fields("43", "4306", "430602", match="110101"), "110101"),
        ({f"{NAME}-province": "43"}, "43"),
        (fields("4306"), ""),
    ],
)
def test_the_fields_say_as_deep_a_code_as_fits_together(values, code):
    assert picked(values, NAME) == code


def test_each_level_lists_what_lies_below_the_one_before():
    found = picker(HOUSE, fields("43", "4306"))
    options = [[code for code, _name in level.options] for level in found.levels]
    assert "43" in options[0]
    assert "4306" in options[1]
    assert "430602" in options[2]
    assert [level.chosen for level in found.levels] == ["43", "4306", ""]
    assert found.full_name == "湖南省岳阳市"


@pytest.mark.parametrize("code", ["430602", "430600", "4306", "43", "430000", "441900"])
def test_a_stored_code_is_shown_again(code):
    found = picker(HOUSE, {NAME: code})
    assert found.levels[0].chosen == code[:2]
    assert code.startswith(found.chosen)
    assert not code[len(found.chosen) :].strip("0")


@pytest.mark.parametrize("code", ["99", "abc", "430699", "4"])
def test_a_code_that_does_not_exist_chooses_nothing(code):
    found = picker(HOUSE, {NAME: code})
    assert (found.chosen, found.full_name) == ("", "")
    assert [len(level.options) > 0 for level in found.levels] == [True, False, False]


def test_where_there_is_no_choice_nobody_is_asked():
    found = picker(HOUSE, fields("11"))
    assert found.levels[1].chosen == "1101"
    assert "110105" in dict(found.levels[2].options)


def test_a_search_answers_only_when_it_was_asked_for():
    assert picker(HOUSE, fields(q="岳阳楼")).matches is None
    asked = picker(HOUSE, fields(q=" 岳阳楼 ", turn="search"))
    assert asked.matches == [("430602", "湖南省岳阳市岳阳楼区")]
    assert picker(HOUSE, fields(q="不存在", turn="search")).matches == []
    assert turning(fields(turn="search"), NAME)
    assert not turning(fields(), NAME)


def test_nobody_knows_divisions_everywhere():
    assert picker(SimpleNamespace(ports={}), {}) is None
    require_finest(SimpleNamespace(ports={}), "43")


@pytest.mark.parametrize("code", ["430602", "71", "710000", "441900"])
def test_the_finest_level_is_enough(code):
    require_finest(HOUSE, code)


@pytest.mark.parametrize("code", ["43", "4306", "430600", "430000"])
def test_a_coarse_level_is_told_at_the_field(code):
    with pytest.raises(TooCoarse) as refused:
        require_finest(HOUSE, code)
    assert list(refused.value.fields) == [NAME]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("岳阳楼", "430602"),
        ("岳阳", "4306"),
        ("4306", "4306"),
        ("430602", "430602"),
        ("北京 朝阳", "110105"),
        ("湖南 岳阳楼", "430602"),
        ("东莞", "441900"),
    ],
)
def test_what_is_found_first(text, first):
    assert divisions.search(text)[0][0] == first


@pytest.mark.parametrize("text", ["", "  ", "x", "湖北 岳阳楼", "99"])
def test_what_is_not_found(text):
    assert divisions.search(text) == []


def test_no_more_is_found_than_asked_for():
    assert len(divisions.search("4", limit=7)) == 7
