"""Languages: Chinese is what the sources are written in, English is a catalogue.

User-visible text is a message id in Chinese: ``_("库存不足，还剩 ${left} 件", mapping={"left": 3})``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pyramid.i18n import Localizer, make_localizer
from pyramid.interfaces import ITranslationDirectories
from translationstring import TranslationString, TranslationStringFactory

DOMAIN: Final = "suwen"
LOCALES: Final = ("zh_CN", "en")
DEFAULT: Final = LOCALES[0]
# Every Chinese variant reads the same catalogue, so "zh" stands for all of them.
_TAGS: Final = {"zh": "zh_CN", "zh-cn": "zh_CN", "en": "en"}

_ = TranslationStringFactory(DOMAIN)


def negotiate(request: Any) -> str:
    """The visitor's language: cookie ``lang``, then Accept-Language, then Chinese."""
    chosen = request.cookies.get("lang")
    if chosen in LOCALES:
        return str(chosen)
    accepted = request.accept_language.lookup(list(_TAGS), default="zh")
    return _TAGS[str(accepted).lower()]


def html_lang(locale: str) -> str:
    """Value of ``<html lang>``: untagged Chinese text is drawn with Japanese glyphs."""
    return locale.replace("_", "-")


def translate(request: Any, text: str, mapping: Mapping[str, Any] | None = None) -> str:
    """Text in the request's language, its ``${name}`` replaced by the mapping."""
    if not isinstance(text, TranslationString):
        text = TranslationString(text, domain=DOMAIN, mapping=mapping)
    elif mapping:
        text = text % mapping
    # A title of a plugin inside a sentence is a message of its own.
    inner = {
        name: request.localizer.translate(value)
        for name, value in (getattr(text, "mapping", None) or {}).items()
        if isinstance(value, TranslationString)
    }
    return str(request.localizer.translate(text % inner if inner else text))


def localizer_for(registry: Any, locale: str) -> Localizer:
    """A localizer outside a request (messages, exports); built once per language."""
    cache: dict[str, Localizer] = registry.setdefault("suwen.localizers", {})
    if locale not in cache:
        folders = registry.queryUtility(ITranslationDirectories, default=[])
        cache[locale] = make_localizer(locale, folders)
    return cache[locale]


def includeme(config: Any) -> None:
    """Register the negotiator and the catalogues; ours come last and win."""
    config.set_locale_negotiator(negotiate)
    config.add_translation_dirs("deform:locale", "colander:locale")
    folder = Path(__file__).parent.parent / "locale"
    config.add_translation_dirs(str(folder), override=True)
