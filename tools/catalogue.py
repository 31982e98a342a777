"""Write the English catalogues anew from the sources: ``python tools/catalogue.py``.

Chinese is the message id, so there is one catalogue to translate. What stands in ``.po`` files is
kept, what the sources no longer say is dropped, what is new stays empty until somebody translates
it. The core's catalogue also holds the themes' texts; every plugin has one of its own in its
package. ``.mo`` files are compiled from them, and all of it is committed.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT: Final = Path(__file__).parent.parent
CORE: Final = ROOT / "core/suwen"
LOCALE: Final = "en"
DOMAIN: Final = "suwen"
# A date in the header would change the files at every run.
STAMP: Final = datetime(2026, 1, 1, tzinfo=UTC)


def package_of(name: str) -> Path:
    """The package that carries the catalogue of a source file, by its path below the root."""
    parts = Path(name).parts
    if parts[0] == "plugins":
        return ROOT / "plugins" / parts[1] / "src" / f"suwen_{parts[1]}"
    return CORE


def extracted() -> Mapping[Path, set[str]]:
    """Message ids of the present sources, by the package whose catalogue they belong to."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    found: dict[Path, set[str]] = {CORE: set()}
    for name, _line, message, _comments, _context in extract_from_dir(ROOT, methods, options):
        if message:
            found.setdefault(package_of(name), set()).add(str(message))
    return found


def po_file(package: Path) -> Path:
    """Where a package keeps its translations."""
    return package / "locale" / LOCALE / "LC_MESSAGES" / f"{DOMAIN}.po"


def translations(package: Path) -> dict[str, str]:
    """What is translated already."""
    path = po_file(package)
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id and m.string}


def catalogue(messages: Mapping[str, str], locale: str | None = LOCALE) -> Catalog:
    """A catalogue with a header that does not change from run to run."""
    made = Catalog(
        locale=locale,
        project="Suwen",
        version="0.1",
        copyright_holder="the Suwen authors",
        msgid_bugs_address="-",
        creation_date=STAMP,
        revision_date=STAMP,
        last_translator="the Suwen authors",
        language_team="English",
        header_comment="# Messages of Suwen; the message id is the Chinese text. Licence: Apache-2.0.",
        fuzzy=False,
    )
    for message, text in sorted(messages.items()):
        made.add(message, text)
        # Babel takes "8% + 4%" and ${name} for Python's formats.
        made[message].flags.clear()
    return made


def compiled(messages: Mapping[str, str]) -> bytes:
    """The ``.mo`` file of translations."""
    target = io.BytesIO()
    write_mo(target, catalogue(messages))
    return target.getvalue()


def _write_po(path: Path, made: Catalog) -> None:
    target = io.BytesIO()
    write_po(target, made, width=100, no_location=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(target.getvalue())


def update() -> Iterator[tuple[Path, str]]:
    """Write every file; gives what still wants a translation."""
    for package, messages in sorted(extracted().items()):
        known = translations(package)
        kept = {message: known.get(message, "") for message in messages}
        _write_po(po_file(package), catalogue(kept))
        po_file(package).with_suffix(".mo").write_bytes(compiled(kept))
        if package == CORE:
            template = catalogue(dict.fromkeys(messages, ""), locale=None)
            _write_po(CORE / "locale" / f"{DOMAIN}.pot", template)
        yield from ((package, message) for message, text in kept.items() if not text)


def main() -> int:
    """Update; exit status 1 while something is not translated."""
    missing = sorted(update())
    for package, message in missing:
        sys.stdout.write(f"{package.relative_to(ROOT)}: {message}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
