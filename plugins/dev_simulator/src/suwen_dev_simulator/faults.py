"""How the next notifications and answers misbehave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from suwen_dev_simulator.store import Store

MAX_DUPLICATES = 50


@dataclass(frozen=True, slots=True)
class Faults:
    """All of them; they last until they are reset, except those that count down."""

    duplicate: int = 0
    """Every notification is sent so many times more."""
    drop: int = 0
    """So many sendings get lost on the way (counts down); the provider repeats them in time."""
    delay_s: float = 0
    """Real seconds before the first sending."""
    reorder: bool = False
    """What is due together is sent newest first; each waits two seconds for a companion."""
    forge: bool = False
    """Signed by a stranger who claims to be the provider."""
    stale_s: int = 0
    """The signed time lies so many seconds in the past; negative: in the future."""
    amount_delta_fen: int = 0
    """Genuinely signed, but for another amount."""
    http_error: int = 0
    """Below 100: so many API calls are carried out and then answered 500 (counts down). From 400
    on: every API call is carried out and answered with this status."""

    def __post_init__(self) -> None:
        """Raises ``ValueError`` for a value of the wrong kind or range."""
        for item in fields(self):
            value = getattr(self, item.name)
            kinds = {"int": (int,), "float": (int, float), "bool": (bool,)}[str(item.type)]
            if not isinstance(value, kinds) or (isinstance(value, bool) and item.type != "bool"):
                raise ValueError(f"{item.name} must be {item.type}")
        if min(self.drop, self.delay_s, self.http_error, self.duplicate) < 0:
            raise ValueError("only stale_s and amount_delta_fen may be negative")
        if self.duplicate > MAX_DUPLICATES:
            raise ValueError(f"duplicate may be at most {MAX_DUPLICATES}")

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Faults:
        """From JSON; raises ``ValueError`` for an unknown name."""
        unknown = set(values) - {item.name for item in fields(cls)}
        if unknown:
            raise ValueError(f"unknown fault: {', '.join(sorted(unknown))}")
        return cls(**values)


class FaultBoard:
    """The present faults, kept in the store so that every thread sees the same."""

    def __init__(self, store: Store) -> None:
        """Keep them there."""
        self._store = store

    def present(self) -> Faults:
        """What is set now."""
        return Faults.read(self._store.knob("faults", {}))

    def set(self, faults: Faults) -> None:
        """Replace them all."""
        self._store.turn("faults", asdict(faults))

    def take(self, name: str) -> bool:
        """Use one up of a fault that counts down."""
        with self._store.transaction():
            values = asdict(self.present())
            if values[name] < 1:
                return False
            values[name] -= 1
            self._store.turn("faults", values)
        return True
