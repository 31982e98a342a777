from dataclasses import replace
from itertools import pairwise

import colander
import pytest

from suwen.hookspecs.reward import LineFact, RewardFacts, UplineFact
from suwen_reward_tiered import rates
from suwen_reward_tiered.scheme import TieredScheme
from suwen_reward_tiered.wording import percent

SCHEME = TieredScheme()
BOTH = (UplineFact(1, 12, "joined"), UplineFact(2, 11, "joined"))


def settings(**values):
    return SCHEME.settings_schema().deserialize(values)


def facts(base_fen, *, uplines=BOTH, **line):
    fact = LineFact(line_id=5, sku_id=71, product_id=81, quantity=1, base_fen=base_fen, **line)
    return RewardFacts(region="4306", buyer_id=13, lines=(fact,), uplines=uplines)


def amounts(computed):
    return {reward.level: reward.amount_fen for reward in computed}


def compute(fact, **values):
    return SCHEME.compute(fact, settings(**values))


@pytest.mark.parametrize(
    ("base_fen", "first", "second"),
    [
        (199900 - 10000, 15192, 7596),
        (3333, 266, 133),
        (2222, 177, 88),
        (1111, 88, 44),
        (12, 0, 0),
        (1, 0, 0),
    ],
)
def test_floor_per_line_and_level(base_fen, first, second):
    assert amounts(compute(facts(base_fen))) == {1: first, 2: second}


def test_the_remainder_of_the_division_is_kept():
    first, second = compute(facts(3333))
    assert (first.remainder, second.remainder) == (6400, 3200)
    assert first.amount_fen * 10_000 + first.remainder == 3333 * 800


def test_a_base_of_nothing_gives_no_line():
    assert compute(facts(0)) == ()


def test_an_override_of_zero_means_zero_and_level_two_is_still_paid():
    computed = compute(facts(3333, overrides={"level1_bp": 0}))
    assert amounts(computed) == {2: 133}


LAYERS = {"category_rates": "6: 300, 200"}


@pytest.mark.parametrize(
    ("overrides", "category_ids", "expected"),
    [
        ({}, (), (800, 400)),
        ({}, (6,), (300, 200)),
        ({}, (7,), (800, 400)),
        ({"level1_bp": 500}, (6,), (500, 200)),
        ({"level1_bp": 500, "skus": {"71": {"level1_bp": 100}}}, (6,), (100, 200)),
        ({"level1_bp": 500, "skus": {"72": {"level1_bp": 100}}}, (6,), (500, 200)),
        ({"level1_bp": None, "skus": {"71": {}}}, (6,), (300, 200)),
        ({"level1_bp": 500, "level2_bp": 0, "skus": {"71": {"level2_bp": 50}}}, (), (500, 50)),
    ],
)
def test_sku_before_product_before_category_before_scheme(overrides, category_ids, expected):
    fact = facts(10_000, overrides=overrides, category_ids=category_ids)
    assert tuple(reward.rate_bp for reward in compute(fact, **LAYERS)) == expected


@pytest.mark.parametrize("category_ids", [(1, 2), (2, 1)])
def test_of_several_categories_the_lowest_rate_counts(category_ids):
    rows = "1: 300, 250\n2: 500, 100"
    computed = compute(facts(10_000, category_ids=category_ids), category_rates=rows)
    assert amounts(computed) == {1: 300, 2: 100}


@pytest.mark.parametrize("value", ["500", 10_001, -1, 5.0, True, [800]], ids=repr)
def test_an_override_that_is_no_rate_is_refused(value):
    with pytest.raises(rates.RateInvalid):
        compute(facts(10_000, overrides={"level1_bp": value}))


@pytest.mark.parametrize(
    "overrides", [{"level1": 0}, {"skus": {"71": {"level3_bp": 1}}}, {"reward_tiered": {}}]
)
def test_an_override_that_names_nothing_known_is_refused(overrides):
    with pytest.raises(rates.RateInvalid):
        compute(facts(10_000, overrides=overrides))


def test_over_the_cap_the_upper_level_gives_way():
    computed = compute(facts(10_000, overrides={"level1_bp": 1800}))
    assert amounts(computed) == {1: 1800, 2: 200}
    assert [reward.reason_codes for reward in computed] == [(), ("capped",)]


def test_a_rate_above_the_cap_is_cut_and_says_so():
    computed = compute(facts(10_000, overrides={"level1_bp": 2500}))
    assert [(one.rate_bp, one.reason_codes) for one in computed] == [(2000, ("capped",))]


def test_one_paid_level():
    assert amounts(compute(facts(10_000), levels=1)) == {1: 800}


def test_a_third_level_is_never_paid():
    uplines = (*BOTH, UplineFact(3, 10, "joined"))
    assert amounts(compute(facts(10_000, uplines=uplines))) == {1: 800, 2: 400}


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("suspended", "upline_suspended"),
        ("closed", "upline_closed"),
        ("applied", "upline_unknown"),
    ],
)
@pytest.mark.parametrize("level", [1, 2])
def test_a_barred_share_stays_with_the_house_and_says_why(state, reason, level):
    uplines = tuple(replace(one, state=state) if one.level == level else one for one in BOTH)
    rewards = {one.level: one for one in compute(facts(10_000, uplines=uplines))}
    assert rewards[level].beneficiary_id is None
    assert rewards[level].reason_codes == (reason,)
    assert rewards[3 - level].beneficiary_id == {1: 12, 2: 11}[3 - level]
    assert amounts(rewards.values()) == {1: 800, 2: 400}


def test_not_joined_still_gets_a_line():
    uplines = (UplineFact(1, 12, "not_joined"),)
    (reward,) = compute(facts(10_000, uplines=uplines))
    assert (reward.beneficiary_id, reward.reason_codes) == (12, ("not_joined",))


def test_the_buyer_earns_nothing_from_himself():
    (reward,) = compute(facts(10_000, uplines=(UplineFact(1, 13, "joined"),)))
    assert (reward.beneficiary_id, reward.reason_codes) == (None, ("self_purchase",))


@pytest.mark.parametrize(
    ("base_fen", "refunds", "level", "standing"),
    [
        (189900, [50000], 1, [11192]),
        (189900, [50000], 2, [5596]),
        (3333, [1111, 1111, 1111], 1, [177, 88, 0]),
        (3333, [1111, 1111, 1111], 2, [88, 44, 0]),
    ],
)
def test_refunds_telescope(base_fen, refunds, level, standing):
    reward = next(one for one in compute(facts(base_fen)) if one.level == level)
    remaining, seen = base_fen, []
    for refund in refunds:
        remaining -= refund
        seen.append(SCHEME.standing(reward, remaining))
    assert seen == standing


def test_the_reversals_of_three_thirds_are_those_of_the_table():
    first, second = compute(facts(3333))
    for reward, expected in ((first, [89, 89, 88]), (second, [45, 44, 44])):
        standing = [SCHEME.standing(reward, base) for base in (3333, 2222, 1111, 0)]
        assert [old - new for old, new in pairwise(standing)] == expected


def test_more_than_the_base_never_stands():
    first, _ = compute(facts(3333))
    assert SCHEME.standing(first, 99_999) == 266
    assert SCHEME.standing(first, -5) == 0


def test_a_refund_uses_the_lines_own_rate():
    (reward,) = compute(facts(10_000, overrides={"level1_bp": 123, "level2_bp": 0}))
    assert SCHEME.standing(reward, 5_000) == 61


def test_explanations():
    first, second = compute(facts(10_000, overrides={"level1_bp": 1850}))
    assert SCHEME.explain(first, "zh_CN") == (
        "一级推荐返现：按本笔计返金额的 18.5% 计算，不足一分的部分舍去。方案 reward_tiered，版本 1。"
    )
    assert "比例已按各级合计上限下调" in SCHEME.explain(second, "zh_CN")
    assert SCHEME.explain(second, "en").startswith("Level 2 referral reward: 1.5% of")


@pytest.mark.parametrize(
    ("rate_bp", "text"), [(800, "8%"), (850, "8.5%"), (25, "0.25%"), (10_000, "100%"), (1, "0.01%")]
)
def test_percent(rate_bp, text):
    assert percent(rate_bp) == text


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"levels": 3}, "levels"),
        ({"levels": "0"}, "levels"),
        ({"level1_bp": "8.5"}, "level1_bp"),
        ({"level1_bp": -1}, "level1_bp"),
        ({"cap_bp": 10_001}, "cap_bp"),
        ({"level1_bp": 1800}, "cap_bp"),
        ({"category_rates": "six: 300, 200"}, "category_rates"),
        ({"category_rates": "6: 300, 200\n6: 1, 1"}, "category_rates"),
        ({"category_rates": "6: 10001, 200"}, "category_rates"),
    ],
)
def test_settings_are_refused_beside_their_field(values, field):
    with pytest.raises(colander.Invalid) as caught:
        settings(**values)
    assert list(caught.value.asdict()) == [field]


def test_settings_may_come_from_a_form():
    values = settings(levels="1", level1_bp="1900", level2_bp="400", cap_bp="2000")
    assert values["level1_bp"] == 1900


def test_the_defaults_warn_that_nothing_is_provably_safe():
    findings = SCHEME.check(settings())
    assert {finding.level for finding in findings} == {"warning"}
    assert any("法律顾问" in finding.text for finding in findings)


@pytest.mark.parametrize(
    ("values", "field", "level"),
    [
        ({"levels": 3}, "levels", "error"),
        ({"level1_bp": 1700}, "cap_bp", "error"),
        ({"cap_bp": 3000}, "cap_bp", "warning"),
        ({"level1_bp": 100}, "level2_bp", "warning"),
        ({"entry_fee_fen": 1}, "entry_fee_fen", "error"),
    ],
)
def test_findings_name_their_field(values, field, level):
    found = SCHEME.check({**settings(), **values})
    assert (field, level) in {(one.field, one.level) for one in found}


def test_the_sum_counts_only_paid_levels():
    found = SCHEME.check({**settings(levels=1), "level1_bp": 1900})
    assert not [one for one in found if one.level == "error"]
