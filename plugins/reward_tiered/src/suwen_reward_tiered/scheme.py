"""The scheme itself: a pure function of frozen facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from suwen.hookspecs.common import Problem
from suwen.hookspecs.reward import LineFact, RewardFacts, RewardLine, SchemeInfo, UplineFact
from suwen_reward_tiered import compliance, rates, wording
from suwen_reward_tiered.i18n import _
from suwen_reward_tiered.settings import SettingsSchema

NOT_JOINED: Final = "not_joined"
CAPPED: Final = "capped"
HOUSE_KEEPS: Final = {"suspended": "upline_suspended", "closed": "upline_closed"}
"""Reason code by the state of an upline whose share stays with the house."""


class TieredScheme:
    """Two levels, each a share of what was paid for a line (两级返现).

    Level 2 is looked at by itself: it is paid although level 1 earns nothing, and never earns more
    because of it. A share that nobody may have stays with the house and is not passed up.
    """

    info = SchemeInfo(code="reward_tiered", title=_("两级返现"), version="1")
    settings_schema: type = SettingsSchema

    def compute(self, facts: RewardFacts, settings: Mapping[str, Any]) -> Sequence[RewardLine]:
        """One line per order line and level whose rate is above 0.

        A base too small for a single fen gives a line of 0 fen with its remainder. Raises
        ``RateInvalid`` (a ``ValueError``) for an override that is no rate.
        """
        categories = rates.read_categories(str(settings.get("category_rates") or ""))
        uplines = sorted(facts.uplines, key=lambda upline: upline.level)
        return tuple(
            reward
            for line in facts.lines
            if line.base_fen > 0
            for reward in self._of_line(facts.buyer_id, line, uplines, settings, categories)
        )

    def _of_line(
        self,
        buyer_id: int,
        line: LineFact,
        uplines: Sequence[UplineFact],
        settings: Mapping[str, Any],
        categories: Mapping[int, rates.Rates],
    ) -> Sequence[RewardLine]:
        wanted = rates.of_line(line, settings, categories)
        paid = rates.capped(wanted, settings["cap_bp"])
        return [
            _reward(line, upline, paid[upline.level], _reasons(upline, buyer_id, wanted, paid))
            for upline in uplines
            if upline.level <= min(settings["levels"], self.info.max_levels) and paid[upline.level]
        ]

    def standing(self, line: RewardLine, remaining_base_fen: int) -> int:
        """Floor of the remaining base times the line's own frozen rate."""
        base = max(0, min(remaining_base_fen, line.base_fen))
        return base * line.rate_bp // rates.BASIS

    def explain(self, line: RewardLine, locale: str) -> str:
        """The rule in words, in Chinese or English."""
        return wording.explain(line, self.info, locale)

    def check(self, settings: Mapping[str, Any]) -> Sequence[Problem]:
        """What the law and the house say to these settings."""
        return compliance.check(settings)


def _reasons(
    upline: UplineFact, buyer_id: int, wanted: rates.Rates, paid: rates.Rates
) -> tuple[str, ...]:
    reasons = [_holder_reason(upline, buyer_id)]
    if paid[upline.level] < wanted[upline.level]:
        reasons.append(CAPPED)
    return tuple(filter(None, reasons))


def _holder_reason(upline: UplineFact, buyer_id: int) -> str:
    if upline.member_id == buyer_id:
        return "self_purchase"
    if upline.state in {"joined", NOT_JOINED}:
        return NOT_JOINED if upline.state == NOT_JOINED else ""
    return HOUSE_KEEPS.get(upline.state, "upline_unknown")


def _reward(line: LineFact, upline: UplineFact, rate: int, reasons: tuple[str, ...]) -> RewardLine:
    held_back = set(reasons) - {NOT_JOINED, CAPPED}
    amount, remainder = divmod(line.base_fen * rate, rates.BASIS)
    return RewardLine(
        line_id=line.line_id,
        level=upline.level,
        beneficiary_id=None if held_back else upline.member_id,
        base_fen=line.base_fen,
        rate_bp=rate,
        amount_fen=amount,
        remainder=remainder,
        reason_codes=reasons,
    )
