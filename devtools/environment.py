"""The virtual environment of a checkout: made from the locks, kept as they say."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from devtools.terminal import ProblemError, say

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "suwen-setup.json"
LOCK = ROOT / "requirements" / "dev.lock"
UNREACHABLE = re.compile(
    r"NewConnectionError|ConnectTimeout|ProxyError|name resolution|Max retries"
)


def projects() -> dict[str, Path]:
    """Folders of the core and of every plugin, by the name of their distribution."""
    found = {}
    for config in [ROOT / "setup.cfg", *sorted(ROOT.glob("plugins/*/setup.cfg"))]:
        parser = ConfigParser(interpolation=None)
        parser.read(config, encoding="utf-8")
        found[parser["metadata"]["name"]] = config.parent
    return found


def fingerprint(folders: Sequence[Path]) -> str:
    """What the virtual environment depends on, in one hash."""
    digest = hashlib.sha256(f"{ROOT} {sys.version_info[:2]}".encode())
    for folder in folders:
        for name in ("setup.cfg", "pyproject.toml"):
            digest.update(str(folder).encode() + (folder / name).read_bytes())
    digest.update((ROOT / "requirements" / "base.in").read_bytes() + LOCK.read_bytes())
    return digest.hexdigest()


def read_stamp() -> dict[str, Any]:
    """What the last set-up left; empty when it was not ours or never ran."""
    try:
        stamp: dict[str, Any] = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp


def write_stamp(*, complete: bool, wanted: str, names: Sequence[str]) -> None:
    """Replace the stamp in one step."""
    content: dict[str, Any] = {"complete": complete, "root": str(ROOT), "fingerprint": wanted}
    content["projects"] = sorted(names)
    draft = STAMP.with_suffix(".new")
    draft.write_text(json.dumps(content), encoding="utf-8")
    draft.replace(STAMP)


def set_up() -> None:
    """Make ``.venv`` what the locks say; does nothing when it already is."""
    with _one_at_a_time():
        found = projects()
        wanted = fingerprint(list(found.values()))
        stamp = read_stamp()
        if stamp.get("complete") and stamp.get("fingerprint") == wanted and PYTHON.exists():
            return
        # The commands of an environment name its folder, so a moved one does not work.
        unusable = bool(stamp) and (not stamp.get("complete") or stamp.get("root") != str(ROOT))
        if unusable or (VENV.exists() and not _venv_fits()):
            say("Removing a virtual environment that is unfinished, moved or of another Python")
            shutil.rmtree(VENV)
        VENV.mkdir(exist_ok=True)
        # From here to the end the stamp says "unfinished", so that a broken set-up is made anew.
        write_stamp(complete=False, wanted=wanted, names=list(found))
        if not PYTHON.exists():
            _make_venv()
        _install(found, gone=set(stamp.get("projects", ())) - set(found))
        write_stamp(complete=True, wanted=wanted, names=list(found))


@contextlib.contextmanager
def _one_at_a_time() -> Iterator[None]:
    with Path(__file__).open("rb") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another set-up of this checkout is running; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _venv_fits() -> bool:
    if not PYTHON.exists():
        return False
    code = "import sys; print(*sys.version_info[:2])"
    result = subprocess.run([PYTHON, "-c", code], capture_output=True, text=True, check=False)
    return result.stdout.split() == [str(part) for part in sys.version_info[:2]]


def _make_venv() -> None:
    python = sys.executable
    if Path(sys.prefix) == VENV:
        # We run on the environment that was just removed: start from the Python below it.
        python = getattr(sys, "_base_executable", python)
    if not _can_make_venv(python):
        _install_debian_venv()
    if not _can_make_venv(python):
        raise ProblemError(f"{python} lacks the venv module: {_venv_advice()}")
    say("Making .venv")
    subprocess.run([python, "-m", "venv", VENV], check=True)


def _can_make_venv(python: str) -> bool:
    command = [python, "-c", "import venv, ensurepip"]
    return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0


def _debian_package() -> str:
    return f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"


def _venv_advice() -> str:
    if shutil.which("apt-get"):
        return f"run  sudo apt-get install {_debian_package()}  and then this command again"
    return "install a complete Python (python.org, Homebrew or your system's packages)"


def _install_debian_venv() -> None:
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return
    say(f"Installing {_debian_package()} with apt-get")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [apt, "install", "-y", "-qq", "--no-install-recommends", _debian_package()]
    for command in ([apt, "update", "-qq"], install):
        # Its errors stay visible; whether it helped is looked at by the caller.
        subprocess.run(command, env=env, stdout=subprocess.DEVNULL, check=False)


def _install(found: dict[str, Path], gone: set[str]) -> None:
    say("Installing the locked packages (about a minute the first time)")
    pip("install", "--require-hashes", "--only-binary", ":all:", "-r", str(LOCK))
    if gone:
        pip("uninstall", "--yes", *sorted(gone))
    say(f"Installing {len(found)} projects of this checkout")
    editable = [word for folder in found.values() for word in ("-e", str(folder))]
    # Two steps because pip refuses hashes and editables in one; no isolation because the lock
    # already holds the build tools.
    pip("install", "--no-deps", "--no-build-isolation", *editable)


def pip(*arguments: str) -> None:
    """Run pip in the environment; raises ``ProblemError`` with its own words."""
    command = [str(PYTHON), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    env = {key: text for key, text in os.environ.items() if key != "PYTHONPATH"}
    result = subprocess.run(command, env=env, stderr=subprocess.PIPE, text=True, check=False)
    if result.returncode == 0:
        return
    sys.stderr.write(result.stderr)
    if UNREACHABLE.search(result.stderr):
        raise ProblemError(
            "no package registry can be reached. The first set-up needs the network, or a mirror "
            "named in pip's own settings (PIP_INDEX_URL); then run this command again"
        )
    raise ProblemError("pip failed, see above; run this command again when that is put right")


def program(name: str) -> str:
    """Full path of a command of the environment."""
    return str(VENV / "bin" / name)


def execute(*words: str) -> int:
    """Become another program of the environment; does not return."""
    os.chdir(ROOT)
    # The full path as argv[0]: Python finds its environment by it.
    path = program(words[0])
    os.execv(path, [path, *words[1:]])  # noqa: S606 - no shell is wanted


def each(*commands: Sequence[str]) -> int:
    """Set up, then run all commands of the environment; returns how many failed."""
    set_up()
    failed = 0
    for words in commands:
        say("$ " + " ".join(words))
        command = [program(words[0]), *words[1:]]
        failed += subprocess.run(command, cwd=ROOT, check=False).returncode != 0
    return failed
