from __future__ import annotations

import copy
from fractions import Fraction

import pytest

from suwen_scorer_ccmq import data
from suwen_scorer_ccmq.key import KeyDamaged, load_key

PUBLISHED = """
PH 1 -2 -7 -9 -21 60 -55 -8
QX 2 3 4 5 23 6 7 26
YAX 19 20 22 21 23 54 53
YIX 17 18 33 37 57 35 44 46
TS 14 16 52 38 42 50 48 51
SR 39 41 49 56 58 59
XY 32 36 34 40 43 8 45
QY 9 11 10 12 13 15 47
TB 24 25 29 27 28 30 31
"""
CUT_OFFS = {8: (17, 18, 21), 7: (15, 16, 19), 6: (13, 14, 16)}


def test_rows_are_the_published_ones(key):
    rows = dict(line.split(maxsplit=1) for line in PUBLISHED.strip().splitlines())
    assert [scale.code for scale in key.scales] == list(rows)
    for scale in key.scales:
        signed = [int(text) for text in rows[scale.code].split()]
        assert scale.items == tuple(abs(number) for number in signed)
        assert scale.reversed == {-number for number in signed if number < 0}


def test_sixty_items_sixty_six_rows(key):
    assert len(key.items) == 60
    rows = [item for scale in key.scales for item in scale.items]
    assert len(rows) == 66
    assert sorted({item for item in rows if rows.count(item) == 2}) == [2, 7, 8, 9, 21, 23]
    assert [scale.n for scale in key.scales] == [8, 8, 7, 8, 8, 6, 7, 7, 7]


def test_nothing_is_reversed_outside_the_balanced_type(key):
    assert not any(scale.reversed for scale in key.biased)
    assert 23 not in key.balanced.items


@pytest.mark.parametrize("code", ["QX", "YAX", "YIX", "TS", "SR", "XY", "QY", "TB"])
def test_raw_cut_offs(key, code):
    (scale,) = [scale for scale in key.scales if scale.code == code]
    last_no, likely, yes = CUT_OFFS[scale.n]
    assert (scale.first_raw(30), scale.first_raw(40)) == (likely, yes)
    assert scale.convert(last_no) < 30 <= scale.convert(likely)
    assert scale.convert(yes - 1) < 40 <= scale.convert(yes)


def test_balanced_type_needs_28(key):
    assert key.balanced.first_raw(60) == 28
    assert key.balanced.convert(28) == Fraction("62.5")
    assert key.balanced.convert(27) == Fraction("59.375")


def test_a_line_that_is_met_exactly_is_reached(key):
    assert {scale.n: scale.first_raw(50) for scale in key.biased} == {8: 24, 7: 21, 6: 18}


def test_equal_converted_scores_of_unequal_raws(key):
    scales = {scale.n: scale for scale in key.biased}
    assert {scales[n].convert(raw) for n, raw in ((8, 24), (7, 21), (6, 18))} == {Fraction(50)}


def _without_last_item(row):
    row["items"] = row["items"][:-1]


def _item_twice(row):
    row["items"][1] = row["items"][0]


def _foreign_reversed(row):
    row["reversed"] = [60]


def _short_but_consistent(row):
    row["items"], row["n"] = row["items"][:5], 5


@pytest.mark.parametrize(
    "damage", [_without_last_item, _item_twice, _foreign_reversed, _short_but_consistent]
)
def test_damaged_key_is_refused(damage):
    raw = copy.deepcopy(data.read("key.json"))
    damage(raw["scales"][1])
    with pytest.raises(KeyDamaged):
        load_key(raw)


def test_replaced_item_is_refused():
    raw = data.read("key.json")
    raw["scales"][5]["items"][0] = 2
    with pytest.raises(KeyDamaged, match="60 items"):
        load_key(raw)


def test_scale_given_twice_is_refused():
    raw = data.read("key.json")
    raw["scales"][2]["code"] = "QX"
    with pytest.raises(KeyDamaged, match="twice"):
        load_key(raw)
