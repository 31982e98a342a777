"""Whole sheets: vectors, properties, and one test per defect seen in public scorers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.hookspecs.questionnaire import Sheet, SheetInvalid
from suwen_scorer_ccmq.rules import decide
from suwen_scorer_ccmq.scorer import CcmqScorer

SCORER = CcmqScorer()
KEY = SCORER.key
SCALES = {scale.code: scale for scale in KEY.scales}
IDEAL = {**dict.fromkeys(KEY.items, 1), 1: 5, 60: 5}

sheets = st.lists(st.integers(1, 5), min_size=60, max_size=60).map(
    lambda values: dict(enumerate(values, start=1))
)


def _score(answers, sex="female"):
    return SCORER.score(Sheet("t157-2009-adult", "1", answers, sex), {})


def _raw(result):
    return {score.scale: score.raw for score in result.scores}


def _verdicts(result):
    return {score.scale: score.verdict for score in result.scores}


def _reaching(code, raw, base=IDEAL):
    """The base sheet with the scale's own items raised until its raw sum is ``raw``."""
    answers = dict(base)
    own = [item for item in SCALES[code].items if _owners(item) == 1]
    for item in own * 4:
        if _raw(_score(answers))[code] == raw:
            return answers
        answers[item] = min(answers[item] + 1, 5)
    raise AssertionError(f"{code} cannot reach {raw} alone")


def _owners(item):
    return sum(item in scale.items for scale in KEY.scales)


def test_vectors(published):
    for row in published["sheets"]:
        result = _score(dict(enumerate(map(int, row["answers"]), start=1)))
        assert _raw(result) == row["raw"], row["name"]
        rounded = {score.scale: round(float(score.converted), 4) for score in result.scores}
        assert rounded == row["converted_4dp"], row["name"]
        assert _verdicts(result) == row["verdict"], row["name"]
        assert list(result.types) == row["types_in_order"], row["name"]
        assert (result.status == "undetermined") == row["undetermined"], row["name"]
    assert len(published["sheets"]) >= 7


@given(sheets, st.sampled_from(KEY.items), st.sampled_from(["female", "male"]))
def test_one_point_more_moves_its_own_scales_only(answers, item, sex):
    answers[item] = min(answers[item], 4)
    before = _raw(_score(answers, sex))
    answers[item] += 1
    after = _raw(_score(answers, sex))
    for code, scale in SCALES.items():
        step = 0 if item not in scale.items else -1 if item in scale.reversed else 1
        assert after[code] - before[code] == step, code


@given(sheets)
def test_the_fast_path_decides_as_the_rules_do(answers):
    result = _score(answers)
    converted = {score.scale: score.converted for score in result.scores}
    for score in result.scores:
        scale = SCALES[score.scale]
        assert score.raw == sum(
            6 - answers[item] if item in scale.reversed else answers[item] for item in scale.items
        )
        assert score.converted == scale.convert(score.raw)
    decision = decide(converted, KEY)
    assert _verdicts(result) == decision.verdicts
    assert (result.types, result.tendencies) == (decision.types, decision.tendencies)
    assert result.status == decision.status


@given(st.lists(st.integers(1, 5), min_size=9, max_size=9), st.randoms(use_true_random=False))
def test_low_sheets_decide_as_the_rules_do(levels, chance):
    """Sheets near the lines: evenly drawn ones are nearly always 是 in many types."""
    level = dict(zip(SCALES, levels, strict=True))
    answers = {}
    for code, scale in SCALES.items():
        for item in scale.items:
            answers[item] = min(5, max(1, level[code] - chance.randint(0, 3)))
    result = _score(answers)
    converted = {score.scale: score.converted for score in result.scores}
    assert _verdicts(result) == decide(converted, KEY).verdicts
    assert result.status == decide(converted, KEY).status


def test_scores_stand_in_the_fixed_type_order():
    scales = [score.scale for score in _score(IDEAL).scores]
    assert scales == ["PH", "QX", "YAX", "YIX", "TS", "SR", "XY", "QY", "TB"]


def test_the_lines_to_draw():
    assert _score(IDEAL).cut_offs == {"倾向是": 30, "是": 40, "平和质": 60}


def test_results_do_not_share_what_can_be_changed():
    _score(IDEAL).cut_offs.clear()
    assert _score(IDEAL).cut_offs


# Defects seen in public implementations.


def test_shared_item_is_reversed_in_one_scale_only():
    before, after = _raw(_score(IDEAL)), _raw(_score({**IDEAL, 2: 2}))
    assert after["QX"] == before["QX"] + 1
    assert after["PH"] == before["PH"] - 1


@pytest.mark.parametrize("code", [scale.code for scale in KEY.biased])
def test_one_given_type_denies_the_balanced_one(code):
    result = _score(_reaching(code, SCALES[code].first_raw(40)))
    assert _verdicts(result)["PH"] == "否"
    assert result.types == (code,)
    below = _score(_reaching(code, SCALES[code].first_raw(40) - 1))
    assert _verdicts(below)["PH"] == "基本是"
    assert (below.types, below.tendencies) == (("PH",), (code,))
    low = _score(_reaching(code, SCALES[code].first_raw(30) - 1))
    assert _verdicts(low)["PH"] == "是"


@pytest.mark.parametrize("sex", ["female", "male"])
def test_damp_heat_is_divided_by_six_for_both(sex):
    answers = _reaching("SR", 16)
    result = _score(answers, sex)
    assert {s.scale: float(round(s.converted, 4)) for s in result.scores}["SR"] == 41.6667
    assert result.types == ("SR",)


def test_a_second_variant_of_item_59_is_refused():
    with pytest.raises(SheetInvalid) as caught:
        _score({**IDEAL, 61: 3})
    assert caught.value.items == {"61": "unknown"}
    with pytest.raises(SheetInvalid) as caught:
        _score({**{k: v for k, v in IDEAL.items() if k != 59}, "59f": 1, "59m": 1})
    assert caught.value.items == {"59": "missing", "59f": "unknown", "59m": "unknown"}


@pytest.mark.parametrize(("sex", "problem"), [(None, "missing"), ("x", "unknown"), ("", "unknown")])
def test_the_variant_shown_must_be_known(sex, problem):
    with pytest.raises(SheetInvalid) as caught:
        _score(IDEAL, sex)
    assert caught.value.items == {"sex": problem}


def test_colds_are_not_in_the_balanced_type():
    assert _raw(_score({**IDEAL, 23: 5}))["PH"] == 40
    assert _raw(_score({**IDEAL, 23: 5}))["QX"] == 12
    assert _raw(_score({**IDEAL, 23: 5}))["YAX"] == 11


def test_eighteen_of_seven_items_is_only_likely():
    result = _score(_reaching("TB", 18))
    assert _verdicts(result)["TB"] == "倾向是"


def test_balanced_type_needs_its_own_sixty():
    answers = dict.fromkeys(KEY.items, 1)
    low = {**answers, 60: 1, 1: 1, 55: 5}
    assert _raw(_score(low))["PH"] == 28
    assert _score(low).status == "balanced"
    lower = {**low, 9: 2}
    result = _score(lower)
    assert _raw(result)["PH"] == 27
    assert set(_verdicts(result).values()) == {"否"}


def test_nobody_reaches_a_line():
    answers = {**dict.fromkeys(KEY.items, 1), 55: 5, 9: 2}
    result = _score(answers)
    assert result.status == "undetermined"
    assert (result.types, result.tendencies) == ((), ())
    assert not SCORER.advise(result, "zh_CN")
    distances = {score.scale: score.distance for score in result.scores}
    assert distances["PH"] == 1
    assert distances["SR"] == 8


def test_likely_types_alone():
    answers = _reaching("TS", 18, {**dict.fromkeys(KEY.items, 1), 55: 5, 9: 2})
    result = _score(answers)
    assert (result.status, result.types, result.tendencies) == ("tendency_only", (), ("TS",))
    assert [section.scale for section in SCORER.advise(result, "en")] == ["TS"]


def test_all_of_several_equal_types_are_named():
    answers = dict(IDEAL)
    for code, raw in (("TB", 21), ("SR", 18), ("YIX", 24)):
        answers = _reaching(code, raw, answers)
    result = _score(answers)
    assert {s.converted for s in result.scores if s.verdict == "是"} == {50}
    assert result.types == ("YIX", "SR", "TB")


def test_order_is_never_by_raw_sum():
    answers = _reaching("SR", 19, _reaching("YIX", 24, IDEAL))
    assert _score(answers).types == ("SR", "YIX")


def test_all_equal_sheets_are_legal():
    assert [_score(dict.fromkeys(KEY.items, value)).status for value in range(1, 6)] == [
        "balanced",
        "balanced",
        "biased",
        "biased",
        "biased",
    ]


def test_form_and_number_of_items_belong_together():
    short = {item: 1 for item in KEY.items if item <= 33}
    with pytest.raises(SheetInvalid) as caught:
        SCORER.score(Sheet("elder-33", "1", short, "female"), {})
    assert caught.value.items["form_code"] == "unknown"
    assert caught.value.items["34"] == "missing"
    with pytest.raises(SheetInvalid):
        SCORER.score(Sheet("elder-33", "1", IDEAL, "female"), {})


def test_measures_are_of_another_form():
    with pytest.raises(SheetInvalid) as caught:
        SCORER.score(Sheet("t157-2009-adult", "1", IDEAL, "male", {"bmi": "24"}), {})
    assert caught.value.items == {"measures.bmi": "unknown"}


def test_keys_that_equal_an_item_number_are_no_items():
    for twin in (True, 1.0):
        answers = {twin: 5, **{item: 1 for item in KEY.items if item != 1}}
        with pytest.raises(SheetInvalid) as caught:
            _score(answers)
        assert caught.value.items == {"1": "missing", str(twin): "unknown"}


def test_every_finding_is_named_at_once():
    answers = {**IDEAL, 3: 0, 4: 6, 5: "2", 99: 1}
    del answers[60]
    with pytest.raises(SheetInvalid) as caught:
        _score(answers)
    assert caught.value.items == {
        "3": "out_of_range",
        "4": "out_of_range",
        "5": "not_an_integer",
        "60": "missing",
        "99": "unknown",
    }
