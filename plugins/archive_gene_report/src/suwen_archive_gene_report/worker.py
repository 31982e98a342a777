"""Reads one PDF from standard input and writes its finding as JSON: ``python -m …worker PAGES``.

A process of its own, because a hostile document may eat all the time and memory it can get: here
the system sets the limits, and the parent the wall clock. It holds no secret and opens no file.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import resource
import sys
import time
from typing import Any, Final

from pypdf import Configuration, PdfReader, apply_configuration
from pypdf.errors import LimitReachedError, PyPdfError

from suwen_archive_gene_report import labels, structure

CPU_S: Final = 3
MEMORY_BYTES: Final = 768 * 1024 * 1024
TEXT_PAGES: Final = 5
TEXT_CHARACTERS: Final = 50_000
TEXT_S: Final = 1.0
# Fonts and drawings break a reader of text in many ways and are no danger: their size is known by
# then, and memory or depth that runs out is told apart.
UNREADABLE: Final = (
    PyPdfError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
)
LIMITS: Final = Configuration(
    maximum_declared_stream_length=30_000_000,
    zlib_maximum_output_length=30_000_000,
    zlib_maximum_recovery_input_length=100_000,
    lzw_maximum_output_length=10_000_000,
    run_length_maximum_output_length=10_000_000,
    array_based_stream_maximum_output_length=30_000_000,
    stream_decoding_work_maximum_length=60_000_000,
    stream_parsing_work_maximum_count=200_000,
    xform_maximum_invocations_per_extraction=200,
    disable_legacy_handling=True,
)


def limit() -> None:
    """Bound time and memory of this process, and take its right to write files."""
    bounds = {
        resource.RLIMIT_CPU: CPU_S,
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for name, most in bounds.items():
        # macOS knows no limit of the address space; the limits of the parser still hold there.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(name, (most, most))


def inspect(content: bytes, max_pages: int) -> dict[str, Any]:
    """``pages`` and ``parsed``, or ``refused`` with the code of the reason."""
    try:
        with apply_configuration(LIMITS):
            return _inspect(content, max_pages)
    except structure.ForbiddenError as error:
        return {"refused": error.code}
    except (LimitReachedError, MemoryError, RecursionError):
        return {"refused": "too_heavy"}
    except Exception:  # noqa: BLE001 - whatever a damaged file provokes, it is refused by name
        return {"refused": "malformed"}


def _inspect(content: bytes, max_pages: int) -> dict[str, Any]:
    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted:
        raise structure.ForbiddenError("encrypted")
    structure.check(reader)
    pages = len(reader.pages)
    if not pages:
        raise structure.ForbiddenError("no_pages")
    if pages > max_pages:
        raise structure.ForbiddenError("too_many_pages")
    return {"pages": pages, "parsed": labels.parse(_text(reader))}


def _text(reader: PdfReader) -> str:
    """Text of the first pages. A page whose text cannot be read is left to keying by hand."""
    texts = []
    started = time.process_time()
    for number in range(min(TEXT_PAGES, len(reader.pages))):
        with contextlib.suppress(*UNREADABLE):
            texts.append(reader.pages[number].extract_text())
        if time.process_time() - started > TEXT_S:
            break
    return "\n".join(texts)[:TEXT_CHARACTERS]


def main() -> None:
    """Inspect what stands on standard input."""
    limit()
    logging.disable()
    finding = inspect(sys.stdin.buffer.read(), int(sys.argv[1]))
    sys.stdout.write(json.dumps(finding))


if __name__ == "__main__":
    main()
