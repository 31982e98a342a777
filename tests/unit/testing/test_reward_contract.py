"""A contract suite is worth what it catches: each planted fault fails the test that names it."""

from __future__ import annotations

import inspect
from dataclasses import replace

import colander
import pytest
from hypothesis import strategies as st

from suwen.hookspecs.common import Problem
from suwen.hookspecs.reward import RewardLine, SchemeInfo
from suwen.testing.reward import RewardSchemeContract


class Good:
    info = SchemeInfo("fake", "样例", "1")
    settings_schema = colander.Schema
    rate = 800

    def compute(self, facts, settings):
        return tuple(
            self.reward(facts, line, upline)
            for line in facts.lines
            for upline in sorted(facts.uplines, key=lambda one: one.level)
            if line.base_fen > 0
        )

    def reward(self, facts, line, upline):
        amount, remainder = divmod(line.base_fen * self.rate, 10_000)
        kept = upline.state not in {"joined", "not_joined"} or upline.member_id == facts.buyer_id
        return RewardLine(
            line_id=line.line_id,
            level=upline.level,
            beneficiary_id=None if kept else upline.member_id,
            base_fen=line.base_fen,
            rate_bp=self.rate,
            amount_fen=amount,
            remainder=remainder,
            reason_codes=("kept",) if kept else (),
        )

    def standing(self, line, remaining_base_fen):
        return remaining_base_fen * line.rate_bp // 10_000

    def explain(self, line, locale):
        return f"{line.level}: {line.rate_bp} bp"

    def check(self, settings):
        return [Problem("error", "《禁止传销条例》第七条")] if settings else []


class Greedy(Good):
    rate = 6_000


class Rounding(Good):
    def reward(self, facts, line, upline):
        reward = super().reward(facts, line, upline)
        return replace(reward, amount_fen=reward.amount_fen + (reward.remainder > 0))


class Moody(Good):
    calls = 0

    def reward(self, facts, line, upline):
        Moody.calls += 1
        return replace(super().reward(facts, line, upline), flat_fen=Moody.calls)


class Chained(Good):
    def compute(self, facts, settings):
        first = any(one.level == 1 for one in facts.uplines)
        return [one for one in super().compute(facts, settings) if one.level == 1 or first]


class PassingUp(Good):
    def compute(self, facts, settings):
        barred = {one.level for one in facts.uplines if one.state in {"suspended", "closed"}}
        found = super().compute(facts, settings)
        return [
            replace(one, rate_bp=one.rate_bp * (1 + len(barred - {one.level}))) for one in found
        ]


class PayingBarred(Good):
    def reward(self, facts, line, upline):
        return replace(super().reward(facts, line, upline), beneficiary_id=upline.member_id)


class DroppingNotJoined(Good):
    def compute(self, facts, settings):
        joined = tuple(one for one in facts.uplines if one.state != "not_joined")
        return super().compute(replace(facts, uplines=joined), settings)


class Generous(Good):
    def compute(self, facts, settings):
        return [self.reward(facts, line, one) for line in facts.lines for one in facts.uplines]


class Orphaned(Good):
    def compute(self, facts, settings):
        extra = RewardLine(facts.lines[0].line_id, 1, None, 0, 0, 0)
        return [*super().compute(facts, settings), *([] if facts.uplines else [extra])]


class Zigzag(Good):
    def standing(self, line, remaining_base_fen):
        return remaining_base_fen % 2


class Sticky(Good):
    def standing(self, line, remaining_base_fen):
        return max(1, super().standing(line, remaining_base_fen)) if line.amount_fen else 0


class Talkative(Good):
    def explain(self, line, locale):
        return f"{line.base_fen}"


class Unlawful(Good):
    def check(self, settings):
        return [Problem("error", "不行")]


FAULTS = [
    (Greedy, "test_amounts_are_bounded_by_base_and_cap"),
    (Rounding, "test_lines_are_well_formed"),
    (Moody, "test_same_facts_give_the_same_lines"),
    (Chained, "test_level_two_does_not_depend_on_level_one"),
    (PassingUp, "test_a_barred_sponsors_share_stays_with_the_house"),
    (PayingBarred, "test_a_barred_sponsors_share_stays_with_the_house"),
    (PayingBarred, "test_nobody_is_rewarded_for_his_own_purchase"),
    (DroppingNotJoined, "test_a_sponsor_who_has_not_joined_gets_the_same_lines"),
    (Generous, "test_an_order_of_zero_value_gives_no_lines"),
    (Orphaned, "test_an_order_without_sponsors_gives_no_lines"),
    (Zigzag, "test_refunds_in_any_sequence_end_at_the_same_total"),
    (Sticky, "test_all_stands_before_a_refund_and_nothing_after_a_full_one"),
    (Talkative, "test_explanations_name_neither_buyer_nor_product_nor_base"),
    (Unlawful, "test_the_defaults_are_not_refused"),
    (Unlawful, "test_refusals_name_the_article_of_the_law"),
]


def run(scheme, name):
    """Run one test of the suite with fixtures of our own making."""
    fixtures = {
        "scheme": scheme,
        "settings": {},
        "overrides": st.just({}),
        "cap_fen": lambda line: line.base_fen,
        "refused_settings": [{"levels": 3}],
        "compute": lambda facts: scheme.compute(facts, {}),
    }
    test = getattr(RewardSchemeContract(), name)
    wanted = inspect.signature(test).parameters
    test(**{key: value for key, value in fixtures.items() if key in wanted})


TESTS = sorted(name for name in dir(RewardSchemeContract) if name.startswith("test_"))


@pytest.mark.parametrize("name", TESTS)
def test_a_good_scheme_passes(name):
    run(Good(), name)


@pytest.mark.parametrize(
    ("scheme", "name"), FAULTS, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_planted_fault_fails(scheme, name):
    with pytest.raises((AssertionError, BaseExceptionGroup)):
        run(scheme(), name)


def test_every_test_but_the_harmless_one_has_a_fault():
    assert set(TESTS) - {name for _, name in FAULTS} == {
        "test_stored_settings_are_read_again_unchanged"
    }
