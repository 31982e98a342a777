"""Contract suite of the reward family.

Subclass it in the tests of a scheme plugin::

    class TestContract(RewardSchemeContract):
        @pytest.fixture
        def scheme(self) -> RewardScheme:
            return MyScheme()

Examples go over lines of 0 fen to 100,000 yuan, missing, suspended and closed sponsors, and the
overrides that the plugin names.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
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
Overrides = st.SearchStrategy[Mapping[str, Any]]
Compute = Callable[[RewardFacts], Sequence[RewardLine]]
Cap = Callable[[LineFact], int]

# One test function, many classes; and what the fixtures give never changes.
_inherited = examples(
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.function_scoped_fixture]
)


class RewardSchemeContract:
    """What every scheme must do. Subclass it and give ``scheme``."""

    @pytest.fixture
    def scheme(self) -> RewardScheme:
        """The scheme under test."""
        raise NotImplementedError("a subclass gives the scheme")

    @pytest.fixture
    def settings(self, scheme: RewardScheme) -> Mapping[str, Any]:
        """The settings of a region that chose nothing."""
        return MappingProxyType(scheme.settings_schema().deserialize({}))

    @pytest.fixture
    def overrides(self) -> Overrides:
        """Overrides of a line, as staff could enter them."""
        return st.just({})

    @pytest.fixture
    def cap_fen(self) -> Cap:
        """The most that all levels of a line may earn together, in fen."""
        return lambda line: line.base_fen

    @pytest.fixture
    def refused_settings(self) -> Sequence[Mapping[str, Any]]:
        """Settings that ``check`` must refuse, citing the article of law."""
        return ()

    @pytest.fixture
    def compute(self, scheme: RewardScheme, settings: Mapping[str, Any]) -> Compute:
        """What the scheme gives with these settings."""
        return lambda facts: scheme.compute(facts, settings)

    @_inherited
    @given(st.data())
    def test_amounts_are_bounded_by_base_and_cap(
        self, compute: Compute, overrides: Overrides, cap_fen: Cap, data: st.DataObject
    ) -> None:
        facts = data.draw(facts_with(overrides))
        rewards = compute(facts)
        by_line = {line.line_id: line for line in facts.lines}
        sums: dict[int, int] = dict.fromkeys(by_line, 0)
        for reward in rewards:
            assert reward.amount_fen >= 0
            sums[reward.line_id] += reward.amount_fen
        for line_id, total in sums.items():
            assert total <= by_line[line_id].base_fen
            assert total <= cap_fen(by_line[line_id])

    @_inherited
    @given(st.data())
    def test_lines_are_well_formed(
        self, compute: Compute, scheme: RewardScheme, overrides: Overrides, data: st.DataObject
    ) -> None:
        facts = data.draw(facts_with(overrides))
        bases = {line.line_id: line.base_fen for line in facts.lines}
        members = {upline.level: upline.member_id for upline in facts.uplines}
        rewards = compute(facts)
        for reward in rewards:
            assert reward.base_fen == bases[reward.line_id]
            assert reward.level in members
            assert reward.level <= min(UPPER, scheme.info.max_levels)
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
    def test_same_facts_give_the_same_lines(
        self, compute: Compute, overrides: Overrides, data: st.DataObject
    ) -> None:
        facts = data.draw(facts_with(overrides))
        again = replace(facts, uplines=tuple(reversed(facts.uplines)))
        assert compute(facts) == compute(facts)
        assert set(compute(again)) == set(compute(facts))

    @_inherited
    @given(st.data())
    def test_level_two_does_not_depend_on_level_one(
        self, compute: Compute, overrides: Overrides, data: st.DataObject
    ) -> None:
        facts = data.draw(facts_with(overrides))
        alone = replace(facts, uplines=tuple(one for one in facts.uplines if one.level == UPPER))
        expected = [reward for reward in compute(facts) if reward.level == UPPER]
        assert list(compute(alone)) == expected

    @_inherited
    @given(st.data(), st.sampled_from(HOUSE_STATES), st.sampled_from([1, 2]))
    def test_a_barred_sponsors_share_stays_with_the_house(
        self, compute: Compute, overrides: Overrides, data: st.DataObject, state: str, level: int
    ) -> None:
        facts = data.draw(facts_with(overrides))
        facts = replace(facts, uplines=_sponsors("joined", "joined"))
        states = {level: state, 3 - level: "joined"}
        barred = replace(facts, uplines=_sponsors(states[1], states[2]))
        rewards = compute(barred)
        own = [reward for reward in rewards if reward.level == level]
        others = [reward for reward in rewards if reward.level != level]
        assert all(one.beneficiary_id is None and one.reason_codes for one in own)
        assert others == [one for one in compute(facts) if one.level != level]

    @_inherited
    @given(st.data())
    def test_a_sponsor_who_has_not_joined_gets_the_same_lines(
        self, compute: Compute, overrides: Overrides, data: st.DataObject
    ) -> None:
        facts = data.draw(facts_with(overrides))
        joined = compute(replace(facts, uplines=_sponsors("joined", "joined")))
        waiting = compute(replace(facts, uplines=_sponsors("not_joined", "not_joined")))
        assert [_money(one) for one in waiting] == [_money(one) for one in joined]

    @_inherited
    @given(st.data())
    def test_nobody_is_rewarded_for_his_own_purchase(
        self, compute: Compute, overrides: Overrides, data: st.DataObject
    ) -> None:
        facts = data.draw(facts_with(overrides))
        own = replace(facts, uplines=(UplineFact(1, facts.buyer_id, "joined"),))
        assert all(one.beneficiary_id is None for one in compute(own))

    @_inherited
    @given(st.data())
    def test_an_order_of_zero_value_gives_no_lines(
        self, compute: Compute, overrides: Overrides, data: st.DataObject
    ) -> None:
        facts = data.draw(facts_with(overrides))
        worthless = tuple(replace(line, base_fen=0) for line in facts.lines)
        assert list(compute(replace(facts, lines=worthless))) == []

    def test_an_order_without_sponsors_gives_no_lines(self, compute: Compute) -> None:
        assert list(compute(sample(uplines=()))) == []

    @_inherited
    @given(st.data())
    def test_refunds_in_any_sequence_end_at_the_same_total(
        self, compute: Compute, scheme: RewardScheme, overrides: Overrides, data: st.DataObject
    ) -> None:
        for reward in compute(data.draw(facts_with(overrides))):
            cuts = data.draw(st.lists(st.integers(0, reward.base_fen), max_size=6))
            kept = data.draw(st.integers(0, reward.base_fen))
            one = reversals(scheme, reward, [*sorted(cuts, reverse=True), kept])
            other = reversals(scheme, reward, [kept])
            downward = reversals(scheme, reward, [*sorted(cuts, reverse=True), 0])
            assert sum(one) == sum(other)
            assert all(part >= 0 for part in downward)
            assert sum(downward) == reward.amount_fen

    @_inherited
    @given(st.data())
    def test_all_stands_before_a_refund_and_nothing_after_a_full_one(
        self, compute: Compute, scheme: RewardScheme, overrides: Overrides, data: st.DataObject
    ) -> None:
        for reward in compute(data.draw(facts_with(overrides))):
            assert scheme.standing(reward, reward.base_fen) == reward.amount_fen
            assert scheme.standing(reward, 0) == 0

    def test_explanations_name_neither_buyer_nor_product_nor_base(
        self, compute: Compute, scheme: RewardScheme
    ) -> None:
        hidden = {str(BUYER), "9876543", "98765.43", "98,765.43", "81234", "91234"}
        for first, second in itertools.product((*PAID_STATES, *HOUSE_STATES), repeat=2):
            for reward in compute(sample(uplines=_sponsors(first, second))):
                for locale in ("zh_CN", "en"):
                    text = scheme.explain(reward, locale)
                    assert text.strip()
                    assert not [word for word in hidden if word in text]

    def test_the_defaults_are_not_refused(
        self, scheme: RewardScheme, settings: Mapping[str, Any]
    ) -> None:
        findings = scheme.check(settings)
        assert [finding for finding in findings if finding.level == "error"] == []

    def test_refusals_name_the_article_of_the_law(
        self, scheme: RewardScheme, refused_settings: Sequence[Mapping[str, Any]]
    ) -> None:
        for values in refused_settings:
            errors = [one for one in scheme.check(values) if one.level == "error"]
            assert errors, values
            assert all(LAW in error.text for error in errors)

    def test_stored_settings_are_read_again_unchanged(
        self, scheme: RewardScheme, settings: Mapping[str, Any]
    ) -> None:
        stored = json.loads(json.dumps(dict(settings)))
        assert scheme.settings_schema().deserialize(stored) == settings


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


def reversals(scheme: RewardScheme, reward: RewardLine, remaining: Iterable[int]) -> Sequence[int]:
    """What each refund takes back, the base falling to these amounts one after the other."""
    standing = [scheme.standing(reward, base) for base in remaining]
    return [old - new for old, new in itertools.pairwise([reward.amount_fen, *standing])]
