"""The commands of a checkout: ``python3 dev.py run`` and ``python3 dev.py test``.

Standard library only, so that a bare machine with Python 3.11 needs nothing else: the first call
makes ``.venv`` from the hash-pinned locks and installs the core and every plugin into it.
"""

from __future__ import annotations

import sys

OLDEST = (3, 11)
if sys.version_info < OLDEST:
    # Before anything is imported that an older Python could not even read.
    sys.exit(
        "dev.py: Suwen needs Python {}.{} or newer, this is {}.{} ({}): run dev.py with another "
        "one, for example  python3.12 dev.py run".format(
            *OLDEST, *sys.version_info[:2], sys.executable
        )
    )

import argparse
import base64
import hmac
import time
from pathlib import Path
from typing import TYPE_CHECKING

from devtools.environment import ROOT, each, execute, set_up
from devtools.stack import run
from devtools.terminal import ProblemError, say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def test(arguments: Sequence[str]) -> int:
    """The tests, on two processes unless the arguments choose otherwise."""
    set_up()
    own = ("-n", "-p", "--numprocesses", "--dist", "--pdb", "--trace")
    chosen = any(word.startswith(own) for word in arguments)
    parallel = [] if chosen else ["-n", "2", "--dist=loadfile"]
    return execute("python", "-m", "pytest", *parallel, *arguments)


def lint() -> int:
    """Rules of the code, its form, and the floors of the imports."""
    return each(["ruff", "check", "."], ["ruff", "format", "--check", "."], ["lint-imports"])


def lock() -> int:
    """Write the locks anew from requirements/*.in, for every Python and system they hold on."""
    options = [
        "--universal",
        "--no-strip-extras",
        "--python-version=3.11",
        "--generate-hashes",
        "--upgrade",
        "--quiet",
    ]
    options += ["--no-header", "--no-annotate"]
    names = ("requirements/base", "requirements/dev")
    return each(
        *[["uv", "pip", "compile", *options, f"{name}.in", "-o", f"{name}.lock"] for name in names]
    )


def totp(secret: str, *, at: float | None = None) -> str:
    """The code that RFC 6238 makes of a base32 secret, now or at a Unix time."""
    key = base64.b32decode(secret.upper() + "=" * (-len(secret) % 8))
    step = int(time.time() if at is None else at) // 30
    mac = hmac.digest(key, step.to_bytes(8, "big"), "sha1")
    offset = mac[-1] & 15
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def parser() -> argparse.ArgumentParser:
    """The command line, but for ``test``, whose arguments are pytest's own."""
    root = argparse.ArgumentParser(prog="dev.py", description="Commands of a Suwen checkout.")
    commands = root.add_subparsers(dest="command", required=True, metavar="COMMAND")
    site = commands.add_parser(
        "run", help="start the site, the job runner and the gateway simulator"
    )
    site.add_argument(
        "--port", type=int, default=6543, help="of the site; the simulator takes the next"
    )
    site.add_argument(
        "--data", type=Path, default=ROOT / "var", help="folder of database and files"
    )
    commands.add_parser("test", help="run the tests; all further arguments go to pytest")
    commands.add_parser("setup", help="make or update .venv and do nothing else")
    commands.add_parser("lint", help="ruff, its formatter and the floors of the imports")
    commands.add_parser("types", help="mypy")
    commands.add_parser("lock", help="write requirements/*.lock anew")
    commands.add_parser("totp", help="the present code of a TOTP secret").add_argument("secret")
    return root


def main(arguments: Sequence[str]) -> int:
    """Carry out a command; returns its exit status."""
    if arguments[:1] == ["test"]:
        return test(arguments[1:])
    options = parser().parse_args(arguments)
    if options.command == "run":
        return run(options.port, options.data.resolve())
    if options.command == "totp":
        say(totp(options.secret))
        return 0
    simple: dict[str, Callable[[], int]] = {"lint": lint, "lock": lock}
    simple |= {"types": lambda: each(["mypy"]), "setup": each}
    return simple[options.command]()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ProblemError as problem:
        sys.exit(f"dev.py: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
