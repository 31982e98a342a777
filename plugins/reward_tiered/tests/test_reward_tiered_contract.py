from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st

from suwen.hookspecs.reward import LineFact, RewardScheme
from suwen.testing.reward import RewardSchemeContract
from suwen_reward_tiered.scheme import TieredScheme

RATE = st.integers(0, 10_000)
RATES = st.fixed_dictionaries({}, optional={"level1_bp": RATE, "level2_bp": RATE})


class TestTieredContract(RewardSchemeContract):
    def scheme(self) -> RewardScheme:
        return TieredScheme()

    def settings(self) -> Mapping[str, Any]:
        values: Mapping[str, Any] = (
            TieredScheme().settings_schema().deserialize({"category_rates": "2: 300, -\n3: 0, 100"})
        )
        return values

    def overrides(self) -> st.SearchStrategy[Mapping[str, Any]]:
        skus = st.dictionaries(st.sampled_from(["1", "2", "3"]), RATES, max_size=2)
        return st.builds(lambda own, skus: {**own, "skus": skus}, RATES, skus)

    def cap_fen(self, line: LineFact) -> int:
        return line.base_fen * 2000 // 10_000

    def refused_settings(self) -> Sequence[Mapping[str, Any]]:
        good = self.settings()
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
