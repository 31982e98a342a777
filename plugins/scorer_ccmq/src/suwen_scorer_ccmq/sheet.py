"""A sheet is complete or it is not scored: no default, no mean, no coercion."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

from suwen.hookspecs.questionnaire import Sheet, SheetInvalid
from suwen_scorer_ccmq.key import Key

_WHOLE_NUMBERS = {int}


class SheetReader:
    """Checks sheets against the key of one version of the form."""

    def __init__(self, key: Key, form_version: str) -> None:
        """``form_version`` is the one that may be read."""
        self._key = key
        self._version = form_version
        self._sexes = frozenset(sex for sexes in key.sexes.values() for sex in sexes)
        self._read: Callable[[Any], tuple[Any, ...]] = itemgetter(*key.items)

    def read(self, sheet: Sheet) -> bytes:
        """Answers in item order; raises ``SheetInvalid`` naming every item that is not right."""
        answers = sheet.answers
        try:
            values = self._read(answers)
        except KeyError:
            raise SheetInvalid(self._findings(sheet)) from None
        # type() and not isinstance(): True is no answer. Keys too, since True and 1.0 equal 1.
        if (
            len(answers) != len(values)
            or set(map(type, answers)) != _WHOLE_NUMBERS
            or set(map(type, values)) != _WHOLE_NUMBERS
            or min(values) < self._key.answer_min
            or max(values) > self._key.answer_max
            or not self._belongs(sheet)
        ):
            raise SheetInvalid(self._findings(sheet))
        return bytes(values)

    def _belongs(self, sheet: Sheet) -> bool:
        return (
            sheet.form_code == self._key.form
            and sheet.form_version == self._version
            and sheet.sex in self._sexes
            and not sheet.measures
        )

    def _findings(self, sheet: Sheet) -> dict[str, str]:
        found = {}
        if sheet.form_code != self._key.form:
            found["form_code"] = "unknown"
        if sheet.form_version != self._version:
            found["form_version"] = "unknown"
        if sheet.sex not in self._sexes:
            # Which variant of item 59 was shown is asked, never guessed.
            found["sex"] = "missing" if sheet.sex is None else "unknown"
        found |= {f"measures.{name}": "unknown" for name in sheet.measures}
        given = {item: value for item, value in sheet.answers.items() if type(item) is int}
        found |= {str(item): "missing" for item in self._key.items if item not in given}
        found |= {str(item): "unknown" for item in sheet.answers if item not in self._key.items}
        found |= {str(item): "unknown" for item in sheet.answers if type(item) is not int}
        for item, value in given.items():
            if item in self._key.items and (problem := self._problem(value)):
                found[str(item)] = problem
        return found

    def _problem(self, value: Any) -> str | None:
        if type(value) is not int:
            return "not_an_integer"
        if not self._key.answer_min <= value <= self._key.answer_max:
            return "out_of_range"
        return None
