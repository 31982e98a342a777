from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.hookspecs.questionnaire import ScaleScore, ScoreResult, Sheet
from suwen.questionnaires import sheets
from suwen.questionnaires.records import Draft, Findings

NUMBERS = st.integers(min_value=1, max_value=99)


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("7", 7), ("59", 59), ("9999", 9999)])
def test_whole_numbers_are_read(text, value):
    assert sheets.whole(text) == value


@pytest.mark.parametrize("text", ["", "01", "1.0", " 1", "１", "-1", "10000", "x", None, 2.0])
def test_everything_else_stays_to_be_refused(text):
    assert sheets.whole(text) == text
    assert type(sheets.whole(text)) is not int


class TestFlags:
    def test_equal_answers(self):
        assert sheets.flags_of({1: 2, 2: 2}, {}, None) == ("uniform",)
        assert sheets.flags_of({1: 2, 2: 3}, {}, None) == ()

    def test_the_median_of_the_gaps_decides_where_they_are_known(self):
        answers = {1: 1, 2: 2, 3: 3}
        # One long pause does not hide that the rest was clicked through.
        assert sheets.flags_of(answers, {1: 900, 2: 1800, 3: 90_000}, None) == ("fast",)
        assert sheets.flags_of(answers, {1: 1000, 2: 2000, 3: 3000}, None) == ()
        assert sheets.flags_of(answers, {3: 3000, 2: 2000, 1: 1000}, timedelta(0)) == ()

    def test_else_the_whole_time(self):
        answers = {1: 1, 2: 2}
        assert sheets.flags_of(answers, {1: 5}, timedelta(seconds=1.9)) == ("fast",)
        assert sheets.flags_of(answers, {}, timedelta(seconds=2)) == ()
        assert sheets.flags_of(answers, {}, None) == ()


class TestCanonical:
    def sheet(self, answers, **more):
        return Sheet("f", "1", answers, **more)

    def test_the_order_of_answers_does_not_matter(self):
        one = sheets.canonical(self.sheet({1: 2, 2: 3}), "w")
        assert one == sheets.canonical(self.sheet({2: 3, 1: 2}), "w")

    def test_everything_else_does(self):
        base = self.sheet({1: 2})
        others = [
            sheets.canonical(self.sheet({1: 3}), "w"),
            sheets.canonical(self.sheet({2: 2}), "w"),
            sheets.canonical(self.sheet({1: 2}, sex="male"), "w"),
            sheets.canonical(self.sheet({1: 2}, measures={"bmi": "20"}), "w"),
            sheets.canonical(Sheet("g", "1", {1: 2}), "w"),
            sheets.canonical(Sheet("f", "2", {1: 2}), "w"),
            sheets.canonical(base, "v"),
        ]
        assert len({sheets.canonical(base, "w"), *others}) == len(others) + 1


@given(
    answers=st.dictionaries(NUMBERS, NUMBERS),
    scores=st.lists(st.tuples(NUMBERS, st.fractions(0, 100), st.none() | NUMBERS), max_size=9),
    age=st.none() | NUMBERS,
)
def test_what_is_sealed_comes_back_exactly(answers, scores, age):
    rows = tuple(
        ScaleScore(f"S{n}", "量表", raw, converted, "否", distance)
        for n, (raw, converted, distance) in enumerate(scores)
    )
    outcome = ScoreResult(rows, ("S1",), (), "biased", {"是": 40})
    findings = Findings(answers, outcome, "male", age, {"bmi": "21.5"}, ("fast",))
    again = Findings.loads(findings.dumps().encode())
    assert again == findings
    assert all(type(score.converted) is Fraction for score in again.outcome.scores)


@given(st.lists(st.tuples(NUMBERS, st.none() | NUMBERS, st.none() | NUMBERS)))
def test_a_draft_holds_the_last_answer_of_each_item(steps):
    draft, expected = Draft("female"), {}
    for item, value, moment in steps:
        draft = Draft.loads(draft.with_answer(item, value, moment).dumps().encode())
        expected.pop(item, None)
        if value is not None:
            expected[item] = value
    assert draft.answers == expected
    assert set(draft.moments) <= set(draft.answers)
    assert draft.sex == "female"
