"""The form as people see it, and what is said about each type, from the data files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from suwen.hookspecs.questionnaire import (
    AdviceSection,
    AnswerOption,
    FormDefinition,
    ItemDefinition,
)
from suwen_scorer_ccmq.key import Key, KeyDamaged


def build_form(wording: Mapping[str, Any], key: Key, version: str) -> FormDefinition:
    """The form; raises ``KeyDamaged`` when the wording has other items than the key."""
    items = tuple(_item(row) for row in wording["items"])
    if tuple(item.id for item in items) != key.items:
        raise KeyDamaged("the wording does not hold exactly the items of the key")
    for item in items:
        if tuple(item.variants) != key.sexes.get(item.id, ()):
            raise KeyDamaged(f"item {item.id} does not have the variants of the key")
    return FormDefinition(
        code=key.form,
        version=version,
        titles=wording["titles"],
        intro=wording["intro"],
        items=items,
        options=tuple(AnswerOption(row["value"], row["labels"]) for row in wording["options"]),
    )


def _item(row: Mapping[str, Any]) -> ItemDefinition:
    return ItemDefinition(row["id"], row.get("texts", {}), row.get("variants", {}))


class Advice:
    """Features and general advice per type and locale."""

    def __init__(self, texts: Mapping[str, Any], key: Key) -> None:
        """``texts`` is the data file; raises ``KeyError`` when a type is missing in it."""
        self._sections = {
            (scale.code, locale): _section(scale.code, title, texts, locale)
            for scale in key.scales
            for locale, title in scale.titles.items()
        }
        self._default = next(iter(key.balanced.titles))

    def sections(self, types: Sequence[str], locale: str) -> tuple[AdviceSection, ...]:
        """One section per type, in the order given; an unknown locale reads Chinese."""
        known = {name for _, name in self._sections}
        chosen = locale if locale in known else self._default
        return tuple(self._sections[code, chosen] for code in types)


def _section(code: str, title: str, texts: Mapping[str, Any], locale: str) -> AdviceSection:
    text = texts["types"][code][locale]
    advice = tuple((heading[locale], text[name]) for name, heading in texts["headings"].items())
    return AdviceSection(code, title, text["features"], advice)
