"""Walking every object of a PDF: what it can do, how large it grows. Runs in the worker only."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

MAX_OBJECTS: Final = 100_000
MAX_STREAM_BYTES: Final = 100_000_000
MAX_ALL_BYTES: Final = 300_000_000
_CHUNK: Final = 1 << 22

_KEYS: Final[Mapping[str, str]] = {
    "/JavaScript": "javascript",
    "/JS": "javascript",
    "/AA": "additional_action",
    "/EmbeddedFiles": "embedded_file",
    "/EF": "embedded_file",
    "/XFA": "xfa",
    "/RichMediaContent": "rich_media",
    "/RichMediaSettings": "rich_media",
}
# Values of /S (an action's kind), /Subtype (an annotation's kind) and /Type.
_KINDS: Final[Mapping[str, str]] = {
    "/JavaScript": "javascript",
    "/Launch": "launch",
    "/SubmitForm": "submit_form",
    "/ImportData": "submit_form",
    "/URI": "external_link",
    "/GoToR": "external_link",
    "/GoToE": "embedded_file",
    "/EmbeddedFile": "embedded_file",
    "/FileAttachment": "embedded_file",
    "/RichMedia": "rich_media",
    "/RichMediaExecute": "rich_media",
    "/Rendition": "rich_media",
    "/Movie": "rich_media",
    "/Sound": "rich_media",
    "/Screen": "rich_media",
    "/3D": "rich_media",
}
_COMPRESSIONS: Final = frozenset(
    ["/FlateDecode", "/Fl", "/LZWDecode", "/LZW", "/RunLengthDecode", "/RL", "/BrotliDecode"]
)


class ForbiddenError(Exception):
    """Something that a report must not hold; ``code`` says what."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


def check(reader: PdfReader) -> None:
    """Raises ``ForbiddenError`` for the first thing that is forbidden or too much."""
    inflated = 0
    for found in _dictionaries(reader):
        _check_names(found)
        if isinstance(found, StreamObject):
            inflated += _inflated(found)
            if inflated > MAX_ALL_BYTES:
                raise ForbiddenError("too_heavy")


def _dictionaries(reader: PdfReader) -> Iterator[DictionaryObject]:
    """Every dictionary and stream, whether anything refers to it or not."""
    waiting: list[Any] = [reader.trailer, *_references(reader)]
    for _ in range(MAX_OBJECTS):
        if not waiting:
            return
        found = waiting.pop()
        if isinstance(found, IndirectObject):
            found = reader.get_object(found)
        if isinstance(found, DictionaryObject):
            yield found
            waiting += _direct(found.values())
        elif isinstance(found, ArrayObject):
            waiting += _direct(found)
    raise ForbiddenError("too_heavy")


def _references(reader: PdfReader) -> Sequence[IndirectObject]:
    plain = [(number, gen) for gen, table in reader.xref.items() for number in table]
    packed = [(number, 0) for number in reader.xref_objStm]
    if len(plain) + len(packed) > MAX_OBJECTS:
        raise ForbiddenError("too_heavy")
    return [IndirectObject(number, gen, reader) for number, gen in {*plain, *packed}]


def _direct(values: Any) -> list[Any]:
    # What is referred to stands in the cross-reference table and is visited from there.
    return [value for value in values if isinstance(value, (DictionaryObject, ArrayObject))]


def _check_names(found: DictionaryObject) -> None:
    for key in found:
        if key in _KEYS:
            raise ForbiddenError(_KEYS[key])
    for key in ("/S", "/Subtype", "/Type"):
        kind = _value(found, key)
        if isinstance(kind, str) and kind in _KINDS:
            raise ForbiddenError(_KINDS[kind])
    # A destination is an array or a name and only scrolls; an action is a dictionary.
    opening = _value(found, "/OpenAction")
    if isinstance(opening, DictionaryObject):
        _check_names(opening)
        raise ForbiddenError("open_action")
    if isinstance(found, StreamObject) and "/F" in found:
        raise ForbiddenError("external_link")


def _value(found: DictionaryObject, key: str) -> Any:
    """By index, which follows a reference; ``get`` would not."""
    return found[key] if key in found else None  # noqa: SIM401


def _inflated(stream: StreamObject) -> int:
    """Bytes that a stream grows to; raises ``ForbiddenError`` above the limit.

    Raises ``LimitReachedError`` where only the parser can tell.
    """
    named = stream["/Filter"] if "/Filter" in stream else ArrayObject()
    filters = (
        [str(one.get_object()) for one in named] if isinstance(named, ArrayObject) else [named]
    )
    compressions = [name for name in filters if name in _COMPRESSIONS]
    if len(compressions) > 1:
        raise ForbiddenError("too_heavy")
    data: bytes = stream._data  # noqa: SLF001 - raw bytes: get_data() would inflate them
    if not compressions:
        return len(data)
    if filters == ["/FlateDecode"]:
        return _measure(data)
    return len(stream.get_data())


def _measure(data: bytes) -> int:
    inflater = zlib.decompressobj()
    size = 0
    while data and not inflater.eof:
        try:
            size += len(inflater.decompress(data, _CHUNK))
        except zlib.error:
            # Damaged: what it gave so far counts, and viewers show no more than that.
            break
        if size > MAX_STREAM_BYTES:
            raise ForbiddenError("too_heavy")
        data = inflater.unconsumed_tail
    return size
