from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import strategies as st

from suwen.hookspecs.reward import RewardScheme
from suwen.testing.reward import Cap, Overrides, RewardSchemeContract
from suwen_reward_tiered.scheme import TieredScheme

RATE = st.integers(0, 10_000)
RATES = st.fixed_dictionaries({}, optional={"level1_bp": RATE, "level2_bp": RATE})


class TestTieredContract(RewardSchemeContract):
    @pytest.fixture
    def scheme(self) -> RewardScheme:
        return TieredScheme()

    @pytest.fixture
    def settings(self) -> Mapping[str, Any]:
        values: Mapping[str, Any] = (
            TieredScheme().settings_schema().deserialize({"category_rates": "2: 300, -\n3: 0, 100"})
        )
        return values

    @pytest.fixture
    def overrides(self) -> Overrides:
        skus = st.dictionaries(st.sampled_from(["1", "2", "3"]), RATES, max_size=2)
        return st.builds(lambda own, skus: {**own, "skus": skus}, RATES, skus)

    @pytest.fixture
    def cap_fen(self) -> Cap:
        return lambda line: line.base_fen * 2000 // 10_000

    @pytest.fixture
    def refused_settings(self, settings: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        good = dict(settings)
        return [
            {**good, "levels": 3},
            {**good, "level1_bp": 1700},
            {**good, "cap_bp": 10_001},
            {**good, "level2_bp": -1},
            {**good, "headcount_reward_fen": 100},
            {**good, "entry_fee_fen": 19900},
            {**good, "starter_pack": True},
            {**good, "purchase_required": True},
            {**good, "recruiting_target": 3},
        ]
