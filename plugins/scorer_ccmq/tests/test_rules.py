"""The deciding step alone, and the table of raw sums against it, over all attainable values."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen_scorer_ccmq import table
from suwen_scorer_ccmq.key import load_key
from suwen_scorer_ccmq.rules import LIKELY, MOSTLY, NO, YES, Band, band_of, decide
from suwen_scorer_ccmq.scorer import data

KEY = load_key(data.read("key.json"))
BIASED = [scale.code for scale in KEY.biased]
LOW = dict.fromkeys(BIASED, 0)


def test_worked_examples(published):
    for row in published["worked"]:
        decision = decide(row["converted"], KEY)
        assert decision.verdicts == row["verdict"], row["name"]
        assert list(decision.types) == row["types_in_order"], row["name"]
    assert len(published["worked"]) == 2


def test_second_example_lists_its_tendency(published):
    decision = decide(published["worked"][1]["converted"], KEY)
    assert (decision.tendencies, decision.status) == (("TS",), "mostly_balanced")


@pytest.mark.parametrize("scale", KEY.biased, ids=lambda scale: scale.code)
def test_every_raw_of_a_biased_type(scale):
    """87 pairs of n and raw over n = 6, 7 and 8."""
    likely, yes = {8: (18, 21), 7: (16, 19), 6: (14, 16)}[scale.n]
    cells = table.biased_cells(scale, KEY)
    assert list(cells) == list(range(scale.n, 5 * scale.n + 1))
    for raw, cell in cells.items():
        expected = YES if raw >= yes else LIKELY if raw >= likely else NO
        assert cell.score.verdict == expected, raw
        assert cell.score.converted == Fraction((raw - scale.n) * 100, 4 * scale.n)
        decision = decide({**LOW, "PH": 0, scale.code: cell.score.converted}, KEY)
        assert decision.verdicts[scale.code] == expected, raw
        distance = likely - raw if raw < likely else yes - raw if raw < yes else None
        assert cell.score.distance == distance, raw


def test_the_pairs_are_87():
    assert sum(len(range(n, 5 * n + 1)) for n in {scale.n for scale in KEY.biased}) == 87


@pytest.mark.parametrize("worst", list(Band))
def test_every_raw_of_the_balanced_type(worst):
    """33 sums times the three bands of the others' maximum."""
    cells = table.balanced_cells(KEY)
    assert list(cells) == list(range(8, 41))
    others = {Band.NO: 29, Band.LIKELY: 30, Band.YES: 40}[worst]
    for raw, cell in cells.items():
        converted = KEY.balanced.convert(raw)
        verdict = decide({**LOW, "PH": converted, "TB": others}, KEY).verdicts["PH"]
        expected = {Band.NO: YES, Band.LIKELY: MOSTLY, Band.YES: NO}[worst] if raw >= 28 else NO
        assert verdict == expected, raw
        assert cell.own == (raw >= 28)
        assert cell.scores[verdict].verdict == verdict
        assert cell.scores[verdict].distance == (28 - raw if raw < 28 else None)


def test_ranks_order_as_converted_scores_do():
    cells = [cell for scale in KEY.biased for cell in table.biased_cells(scale, KEY).values()]
    for one in cells:
        for other in cells:
            assert (one.rank < other.rank) == (one.score.converted < other.score.converted)


def test_ceiling_would_change_a_verdict():
    """39.2857 is 倾向是, 29.1667 is 否, 59.375 is not enough: none is rounded up."""
    assert band_of(Fraction(1100, 28), KEY) is Band.LIKELY
    assert band_of(Fraction(700, 24), KEY) is Band.NO
    assert decide({**LOW, "PH": Fraction(1900, 32)}, KEY).verdicts["PH"] == NO


def test_nothing_is_rounded_before_the_comparison():
    nearly = Fraction(1, 1000)
    assert band_of(30 - nearly, KEY) is Band.NO
    assert band_of(40 - nearly, KEY) is Band.LIKELY
    assert decide({**LOW, "PH": 60 - nearly}, KEY).status == "undetermined"
    assert decide({**LOW, "PH": 60}, KEY).status == "balanced"


def test_the_lines_belong_to_the_upper_band():
    assert [band_of(value, KEY) for value in (29, 30, 39, 40)] == [
        Band.NO,
        Band.LIKELY,
        Band.LIKELY,
        Band.YES,
    ]


@pytest.mark.parametrize("code", BIASED)
def test_balanced_type_looks_at_each_of_the_others(code):
    assert decide({**LOW, "PH": 100, code: 40}, KEY).status == "biased"
    assert decide({**LOW, "PH": 100, code: 30}, KEY).status == "mostly_balanced"
    assert decide({**LOW, "PH": 100, code: 29}, KEY).status == "balanced"


def test_nobody_is_named_when_nobody_reaches_a_line():
    decision = decide({**dict.fromkeys(BIASED, Fraction(29)), "PH": 59}, KEY)
    assert set(decision.verdicts.values()) == {NO}
    assert (decision.types, decision.tendencies) == ((), ())
    assert decision.status == "undetermined"


def test_tendencies_alone_name_no_type():
    decision = decide({**LOW, "PH": 59, "TB": 31, "XY": 35, "QX": 31}, KEY)
    assert decision.types == ()
    assert decision.tendencies == ("XY", "QX", "TB")
    assert decision.status == "tendency_only"


def test_equal_scores_keep_the_type_order():
    decision = decide({**dict.fromkeys(BIASED, 50), "PH": 100, "SR": 51}, KEY)
    assert decision.types == ("SR", "QX", "YAX", "YIX", "TS", "XY", "QY", "TB")


SCORES = st.fixed_dictionaries(
    {
        scale.code: st.sampled_from([scale.convert(raw) for raw in scale.raws])
        for scale in KEY.scales
    }
)


@given(SCORES)
def test_what_follows_from_the_rules(converted):
    decision = decide(converted, KEY)
    verdicts = dict(decision.verdicts)
    balanced = verdicts.pop("PH")
    if balanced == YES:
        assert set(verdicts.values()) == {NO}
        assert decision.status == "balanced"
    if balanced == MOSTLY:
        assert YES not in verdicts.values()
        assert LIKELY in verdicts.values()
        assert decision.status == "mostly_balanced"
    if YES in verdicts.values():
        assert balanced == NO
        assert decision.status == "biased"
    assert (decision.status == "undetermined") == ({balanced, *verdicts.values()} == {NO})
    named = [code for code in decision.types if code != "PH"]
    for codes in (named, decision.tendencies):
        order = [(-converted[code], BIASED.index(code)) for code in codes]
        assert order == sorted(order)
    assert set(named) == {code for code, verdict in verdicts.items() if verdict == YES}
    assert set(decision.tendencies) == {c for c, verdict in verdicts.items() if verdict == LIKELY}
