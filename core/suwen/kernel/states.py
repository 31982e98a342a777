"""Explicit state machines: a table of allowed steps, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from suwen.kernel.errors import IllegalTransition


@dataclass(frozen=True, slots=True)
class Machine:
    """``steps`` maps a state to the states that may follow it; a state without row is final."""

    name: str
    steps: Mapping[str, frozenset[str]]

    @property
    def states(self) -> frozenset[str]:
        """Every state named anywhere."""
        return frozenset(self.steps).union(*self.steps.values())

    def allows(self, source: str, target: str) -> bool:
        """Whether the step is in the table."""
        return target in self.steps.get(source, frozenset())

    def check(self, source: str, target: str) -> None:
        """Raise ``IllegalTransition`` unless the step is in the table."""
        if not self.allows(source, target):
            raise IllegalTransition(self.name, source, target)


def machine(name: str, **steps: str) -> Machine:
    """Write a table shortly: ``machine("order", pending="paid cancelled", paid="used")``."""
    return Machine(name, {source: frozenset(text.split()) for source, text in steps.items()})
