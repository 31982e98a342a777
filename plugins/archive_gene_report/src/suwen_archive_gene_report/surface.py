"""What the bytes say before any parser reads them: cheap, linear, and the same for every viewer.

A viewer may find objects that a parser does not, for instance by rebuilding a damaged
cross-reference table. So the names of what is forbidden are looked for in the raw bytes as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from suwen_archive_gene_report.refusals import refusal

MEDIA_TYPE: Final = "application/pdf"
_HEADER: Final = re.compile(rb"%PDF-[12]\.\d[\s%]")
_END: Final = b"%%EOF"
_PADDING: Final = b"\x00\t\n\x0c\r "
_MARKUP: Final = re.compile(rb"<(?:script|html|iframe|!doctype\s+html)[\s>/]", re.IGNORECASE)

# Long names only: three letters turn up by chance in compressed data.
_NAMES: Final[Mapping[str, str]] = {
    "JavaScript": "javascript",
    "Launch": "launch",
    "SubmitForm": "submit_form",
    "ImportData": "submit_form",
    "EmbeddedFile": "embedded_file",
    "EmbeddedFiles": "embedded_file",
    "RichMedia": "rich_media",
}


def _spelt(name: str) -> bytes:
    """A pattern of a PDF name in which every letter may be written as ``#`` and two digits."""
    letters = (rb"(?:%s|#(?i:%02x))" % (re.escape(letter).encode(), ord(letter)) for letter in name)
    return rb"".join(letters)


_FORBIDDEN: Final = [
    (re.compile(rb"/" + _spelt(name) + rb"(?![A-Za-z0-9#])"), code) for name, code in _NAMES.items()
]


def check(content: bytes, max_bytes: int) -> None:
    """Raises ``UploadRefused`` for what is no plain PDF or names what is forbidden."""
    if not content:
        raise refusal("empty")
    if len(content) > max_bytes:
        raise refusal("too_large")
    if _HEADER.match(content) is None:
        raise refusal("not_pdf")
    if _MARKUP.search(content) is not None:
        raise refusal("polyglot")
    _check_end(content)
    for pattern, code in _FORBIDDEN:
        if pattern.search(content) is not None:
            raise refusal(code)


def _check_end(content: bytes) -> None:
    end = content.rfind(_END)
    if end < 0:
        raise refusal("malformed")
    if content[end + len(_END) :].strip(_PADDING):
        raise refusal("trailing_data")
