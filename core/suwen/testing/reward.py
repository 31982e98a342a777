"""The contract of reward schemes: ``class TestMine(RewardSchemeContract)`` in a plugin's tests.

Every promise of ``suwen.hookspecs.reward.RewardScheme`` is a test here. What is tested by examples
of hypothesis goes over lines of 0 fen to 100,000 yuan, missing, suspended and closed uplines, and
the overrides that the plugin names.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from suwen.hookspecs.reward import LineFact, RewardFacts, RewardLine, RewardScheme, UplineFact

BUYER: Final = 700_001
SPONSORS: Final = {1: 700_002, 2: 700_003}
PAID_STATES: Final = ("joined", "not_joined")
HOUSE_STATES: Final = ("suspended", "closed")
BASIS: Final = 10_000
UPPER: Final = 2
LAW: Final = "条"

MAX_BASE: Final = 10_000_000
# The suite is inherited: one test function, many classes.
_inherited = settings(suppress_health_check=[HealthCheck.differing_executors])


class RewardSchemeContract:
    """Give ``scheme``; say more where the defaults do not fit."""

    def scheme(self) -> RewardScheme:
        """The object under test."""
        raise NotImplementedError

    def settings(self) -> Mapping[str, Any]:
        """Settings to compute with; the schema's own defaults unless overridden."""
        values: Mapping[str, Any] = self.scheme().settings_schema().deserialize({})
        return values

    def overrides(self) -> st.SearchStrategy[Mapping[str, Any]]:
        """Overrides of a line, as staff could enter them."""
        return st.just({})

    def cap_fen(self, line: LineFact) -> int:
        """The most that all levels of a line may earn together, in fen."""
        return line.base_fen

    def refused_settings(self) -> Sequence[Mapping[str, Any]]:
        """Settings that ``check`` must refuse, citing the article of law."""
        return ()

    @_inherited
    @given(st.data())
    def test_amounts_are_bounded_by_base_and_cap(self, data: st.DataObject) -> None:
        facts = data.draw(facts_with(self.overrides()))
        rewards = self.compute(facts)
        by_line = {line.line_id: line for line in facts.lines}
        sums: dict[int, int] = dict.fromkeys(by_line, 0)
        for reward in rewards:
            assert reward.amount_fen >= 0
            sums[reward.line_id] += reward.amount_fen
        for line_id, total in sums.items():
            assert total <= by_line[line_id].base_fen
            assert total <= self.cap_fen(by_line[line_id])

    @_inherited
    @given(st.data())
    def test_lines_are_well_formed(self, data: st.DataObject) -> None:
        facts = data.draw(facts_with(self.overrides()))
        bases = {line.line_id: line.base_fen for line in facts.lines}
        members = {upline.level: upline.member_id for upline in facts.uplines}
        rewards = self.compute(facts)
        for reward in rewards:
            assert reward.base_fen == bases[reward.line_id]
            assert reward.level in members
            assert reward.level <= min(UPPER, self.scheme().info.max_levels)
            assert reward.beneficiary_id in {None, members[reward.level]}
            assert reward.beneficiary_id is not None or reward.reason_codes
            if not reward.flat_fen:
                assert divmod(reward.base_fen * reward.rate_bp, BASIS) == (
                    reward.amount_fen,
                    reward.remainder,
                )
        assert len({(reward.line_id, reward.level) for reward in rewards}) == len(rewards)

    @_inherited
    @given(st.data())
    def test_same_facts_give_the_same_lines(self, data: st.DataObject) -> None:
        facts = data.draw(facts_with(self.overrides()))
        again = replace(facts, uplines=tuple(reversed(facts.uplines)))
        assert self.compute(facts) == self.compute(facts)
        assert set(self.compute(again)) == set(self.compute(facts))

    @_inherited
    @given(st.data())
    def test_level_two_does_not_depend_on_level_one(self, data: st.DataObject) -> None:
        facts = data.draw(facts_with(self.overrides()))
        alone = replace(facts, uplines=tuple(one for one in facts.uplines if one.level == UPPER))
        expected = [reward for reward in self.compute(facts) if reward.level == UPPER]
        assert list(self.compute(alone)) == expected

    @_inherited
    @given(st.data(), st.sampled_from(HOUSE_STATES), st.sampled_from([1, 2]))
    def test_a_barred_sponsors_share_stays_with_the_house(
        self, data: st.DataObject, state: str, level: int
    ) -> None:
        facts = data.draw(facts_with(self.overrides()))
        facts = replace(facts, uplines=_sponsors("joined", "joined"))
        states = {level: state, 3 - level: "joined"}
        barred = replace(facts, uplines=_sponsors(states[1], states[2]))
        rewards = self.compute(barred)
        own = [reward for reward in rewards if reward.level == level]
        others = [reward for reward in rewards if reward.level != level]
        assert all(one.beneficiary_id is None and one.reason_codes for one in own)
        assert others == [one for one in self.compute(facts) if one.level != level]

    @_inherited
    @given(st.data())
    def test_a_sponsor_who_has_not_joined_gets_the_same_lines(self, data: st.DataObject) -> None:
        facts = data.draw(facts_with(self.overrides()))
        joined = self.compute(replace(facts, uplines=_sponsors("joined", "joined")))
        waiting = self.compute(replace(facts, uplines=_sponsors("not_joined", "not_joined")))
        assert [_money(one) for one in waiting] == [_money(one) for one in joined]

    @_inherited
    @given(st.data())
    def test_nobody_is_rewarded_for_his_own_purchase(self, data: st.DataObject) -> None:
        facts = data.draw(facts_with(self.overrides()))
        own = replace(facts, uplines=(UplineFact(1, facts.buyer_id, "joined"),))
        assert all(one.beneficiary_id is None for one in self.compute(own))

    @_inherited
    @given(st.data())
    def test_an_order_of_zero_value_gives_no_lines(self, data: st.DataObject) -> None:
        facts = data.draw(facts_with(self.overrides()))
        worthless = tuple(replace(line, base_fen=0) for line in facts.lines)
        assert list(self.compute(replace(facts, lines=worthless))) == []

    def test_an_order_without_sponsors_gives_no_lines(self) -> None:
        assert list(self.compute(sample(uplines=()))) == []

    @_inherited
    @given(st.data())
    def test_refunds_in_any_sequence_end_at_the_same_total(self, data: st.DataObject) -> None:
        for reward in self.compute(data.draw(facts_with(self.overrides()))):
            cuts = data.draw(st.lists(st.integers(0, reward.base_fen), max_size=6))
            kept = data.draw(st.integers(0, reward.base_fen))
            one = self.reversals(reward, [*sorted(cuts, reverse=True), kept])
            other = self.reversals(reward, [kept])
            downward = self.reversals(reward, [*sorted(cuts, reverse=True), 0])
            assert sum(one) == sum(other)
            assert all(part >= 0 for part in downward)
            assert sum(downward) == reward.amount_fen

    @_inherited
    @given(st.data())
    def test_all_stands_before_a_refund_and_nothing_after_a_full_one(
        self, data: st.DataObject
    ) -> None:
        scheme = self.scheme()
        for reward in self.compute(data.draw(facts_with(self.overrides()))):
            assert scheme.standing(reward, reward.base_fen) == reward.amount_fen
            assert scheme.standing(reward, 0) == 0

    def test_explanations_name_neither_buyer_nor_product_nor_base(self) -> None:
        hidden = {str(BUYER), "9876543", "98765.43", "98,765.43", "81234", "91234"}
        for first, second in itertools.product((*PAID_STATES, *HOUSE_STATES), repeat=2):
            for reward in self.compute(sample(uplines=_sponsors(first, second))):
                for locale in ("zh_CN", "en"):
                    text = self.scheme().explain(reward, locale)
                    assert text.strip()
                    assert not [word for word in hidden if word in text]

    def test_the_defaults_are_not_refused(self) -> None:
        findings = self.scheme().check(self.settings())
        assert [finding for finding in findings if finding.level == "error"] == []

    def test_refusals_name_the_article_of_the_law(self) -> None:
        for values in self.refused_settings():
            errors = [one for one in self.scheme().check(values) if one.level == "error"]
            assert errors, values
            assert all(LAW in error.text for error in errors)

    def test_stored_settings_are_read_again_unchanged(self) -> None:
        stored = json.loads(json.dumps(dict(self.settings())))
        assert self.scheme().settings_schema().deserialize(stored) == self.settings()

    def compute(self, facts: RewardFacts) -> Sequence[RewardLine]:
        """What the scheme gives with the settings of this suite."""
        return self.scheme().compute(facts, self.settings())

    def reversals(self, reward: RewardLine, remaining: Iterable[int]) -> Sequence[int]:
        """What each refund takes back, the base falling to these amounts one after the other."""
        standing = [self.scheme().standing(reward, base) for base in remaining]
        return [old - new for old, new in itertools.pairwise([reward.amount_fen, *standing])]


def sample(uplines: tuple[UplineFact, ...] | None = None, base_fen: int = 9_876_543) -> RewardFacts:
    """One line of 98,765.43 yuan, two sponsors who have joined unless others are given."""
    return RewardFacts(
        region="4306",
        buyer_id=BUYER,
        lines=(
            LineFact(line_id=1, sku_id=81_234, product_id=91_234, quantity=1, base_fen=base_fen),
        ),
        uplines=_sponsors("joined", "joined") if uplines is None else uplines,
        first_paid_order=True,
    )


@st.composite
def facts_with(draw: st.DrawFn, overrides: st.SearchStrategy[Mapping[str, Any]]) -> RewardFacts:
    """Facts of an order with up to four lines and up to two sponsors."""
    lines = tuple(
        LineFact(
            line_id=position,
            sku_id=draw(st.integers(1, 3)),
            product_id=draw(st.integers(1, 3)),
            quantity=draw(st.integers(1, 5)),
            base_fen=draw(st.integers(0, MAX_BASE) | st.integers(0, 30)),
            category_ids=tuple(draw(st.lists(st.integers(1, 3), max_size=2, unique=True))),
            overrides=draw(overrides),
        )
        for position in range(1, draw(st.integers(1, 4)) + 1)
    )
    states = st.none() | st.sampled_from([*PAID_STATES, *HOUSE_STATES])
    return RewardFacts(
        region="4306",
        buyer_id=BUYER,
        lines=lines,
        uplines=_sponsors(draw(states), draw(states)),
        first_paid_order=draw(st.booleans()),
    )


def _sponsors(first: str | None, second: str | None) -> tuple[UplineFact, ...]:
    return tuple(
        UplineFact(level, SPONSORS[level], state)
        for level, state in ((1, first), (2, second))
        if state is not None
    )


def _money(reward: RewardLine) -> tuple[int, int, int | None, int]:
    return reward.line_id, reward.level, reward.beneficiary_id, reward.amount_fen
