"""What a buyer does, and the books that come of it; the same for all providers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from suwen_dev_simulator.clock import Clock
from suwen_dev_simulator.providers import Provider, Refused
from suwen_dev_simulator.store import Row, Store

OUTCOMES: Final = ("paid", "failed", "cancelled")


class Till:
    """The cashier behind the pages and the control surface."""

    def __init__(self, store: Store, clock: Clock, providers: Mapping[str, Provider]) -> None:
        """Serve these providers."""
        self._store = store
        self._clock = clock
        self._providers = providers

    def find(self, number: str, provider: str | None = None) -> Row | None:
        """A payment by the merchant's number."""
        return self._store.one(
            "select * from payment where number = ? and provider = coalesce(?, provider)",
            number,
            provider,
        )

    def payable(self, payment: Row) -> bool:
        """Whether the buyer can still pay."""
        open_states = {"pending", "failed"}
        return payment["state"] in open_states and self._clock.now() < payment["expires_at"]

    def act(self, payment: Row, outcome: str) -> str:
        """Pay, fail or walk away; returns the state afterwards. Raises ``Refused``.

        A second "paid" changes nothing: nobody pays an order twice.
        """
        with self._store.transaction():
            present = self.find(payment["number"], payment["provider"])
            assert present is not None  # noqa: S101 - rows are never deleted
            if outcome == "cancelled" or present["state"] == "paid":
                return str(present["state"])
            if not self.payable(present):
                raise Refused("订单已关闭或已过期")
            return self._change(present, outcome)

    def _change(self, payment: Row, state: str) -> str:
        paid_at = self._clock.now() if state == "paid" else None
        self._store.run(
            "update payment set state = ?, paid_at = ? where provider = ? and number = ?",
            state,
            paid_at,
            payment["provider"],
            payment["number"],
        )
        if state == "paid":
            fresh = self.find(payment["number"], payment["provider"])
            assert fresh is not None  # noqa: S101 - updated just above
            self._providers[payment["provider"]].notify_paid(fresh)
        return state

    def books(self) -> Mapping[str, Any]:
        """All payments and transfers with what has become of them."""
        rows = self._store.all(
            "select payment.*, coalesce((select sum(amount_fen) from refund "
            "where refund.provider = payment.provider and refund.number = payment.number "
            "and refund.state = 'SUCCESS'), 0) as refunded_fen "
            "from payment order by created_at, number"
        )
        return {"payments": [self._line(row) for row in rows], "transfers": []}

    def _line(self, row: Row) -> Mapping[str, Any]:
        whole = row["refunded_fen"] == row["amount_fen"]
        return {
            "payment": row["number"],
            "gateway": self._providers[row["provider"]].gateway,
            "amount_fen": row["amount_fen"],
            "refunded_fen": row["refunded_fen"],
            "state": "refunded" if whole else row["state"],
        }

    def recent(self, limit: int = 50) -> Sequence[Row]:
        """The newest payments, for the overview."""
        return self._store.all("select * from payment order by created_at desc limit ?", limit)
