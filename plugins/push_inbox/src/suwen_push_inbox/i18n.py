"""Texts that people read are message ids in Chinese, of the program's own catalogue."""

from typing import Final

from translationstring import TranslationStringFactory

_: Final = TranslationStringFactory("suwen")
