"""The wheels are complete: installed into an empty environment they migrate and serve."""

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

from devtools import stack
from suwen.testing.servers import free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent.parent
# The simulator belongs to checkouts only.
PLUGINS = [
    path.parent for path in ROOT.glob("plugins/*/setup.cfg") if path.parent.name != "dev_simulator"
]
PARTS = ("core", "themes", "alembic", "requirements")
FILES = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE")
UNWANTED = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "node_modules", "tests")


def copy_sources(target):
    """What a build reads, away from the checkout, where builds leave folders behind."""
    for name in PARTS:
        shutil.copytree(ROOT / name, target / name, symlinks=True, ignore=UNWANTED)
    for name in FILES:
        shutil.copy(ROOT / name, target / name)
    for plugin in PLUGINS:
        shutil.copytree(plugin, target / "plugins" / plugin.name, symlinks=True, ignore=UNWANTED)
    return [target, *sorted((target / "plugins").glob("*"))]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheels")
    sources = copy_sources(folder / "source")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    command += ["--no-index", "-w", folder / "out", *sources]
    subprocess.run(command, check=True)
    found = sorted((folder / "out").glob("*.whl"))
    assert len(found) == len(sources)
    return found


def link_dependencies(folder):
    """The runtime lock's packages and no others, as links: tests install nothing from outside."""
    folder.mkdir()
    for name in re.findall(r"(?m)^([\w.-]+)==", (ROOT / "requirements/base.lock").read_text()):
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # locked for another system or Python
        for top in {
            file.parts[0] for file in found.files if file.parts[0] not in ("..", "__pycache__")
        }:
            link = folder / top
            if not link.exists():
                link.symlink_to(found.locate_file(top))


@pytest.fixture(scope="module")
def environment(wheels, tmp_path_factory):
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    python = folder / "venv/bin/python"
    link_dependencies(folder / "libraries")
    packages = next((folder / "venv/lib").glob("python*/site-packages"))
    (packages / "libraries.pth").write_text(str(folder / "libraries"))
    command = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    subprocess.run([*command, "--no-deps", "--no-index", *wheels], check=True)
    return folder / "venv/bin"


def test_core_wheel_carries_what_the_program_reads(wheels):
    core = next(path for path in wheels if path.name.startswith("suwen-"))
    names = set(zipfile.ZipFile(core).namelist())
    tracked = {
        f"suwen/_{path.relative_to(ROOT)}"
        for folder in ("themes", "alembic")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }
    assert tracked - names == set()
    expected = {"suwen/py.typed", "suwen/static/dist/manifest.json", "suwen/_alembic/env.py"}
    assert expected <= names
    assert not [name for name in names if name.endswith(".pyc") or "/tests/" in name]


def test_plugin_wheels_carry_their_data_files(wheels):
    names = {name for path in wheels for name in zipfile.ZipFile(path).namelist()}
    files = {
        str(path.relative_to(plugin / "src"))
        for plugin in PLUGINS
        for path in (plugin / "src").rglob("*")
        if path.is_file() and not {"__pycache__"} & set(path.parts) and ".egg-info" not in str(path)
    }
    assert files - names == set()


def fetch(url, process, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stdout.read()
        try:
            with urllib.request.urlopen(url, timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


def test_installed_wheels_migrate_and_serve(environment, tmp_path):
    port = free_port()
    suwen = [environment / "suwen", "-c", stack._write_ini(tmp_path, port)]
    env = {
        key: text for key, text in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")
    }
    subprocess.run([*suwen, "db", "upgrade"], cwd=tmp_path, env=env, check=True)
    process = subprocess.Popen(
        [*suwen, "serve"],
        cwd=tmp_path,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert fetch(f"http://127.0.0.1:{port}/healthz", process)[0] == 200
        status, page = fetch(f"http://127.0.0.1:{port}/", process)
        assert status == 200
        assert "<html" in page
    finally:
        process.terminate()
        process.communicate(timeout=20)
