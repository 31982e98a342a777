"""What a web process does without. Each package here costs megabytes in every worker."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

INI = """
[app:main]
suwen.environment = development
suwen.data_dir = %(here)s/var
"""

# Jobs, calls to providers, sheets, pictures, commands and tools: loaded by what uses them.
ELSEWHERE = [
    "PIL",
    "alembic",
    "babel",
    "cryptography.x509",
    "email_validator",
    "httpcore",
    "httpx",
    "huey",
    "mako",
    "nh3",
    "openpyxl",
    "pip",
    "pypdf",
    "pytest",
    "redis",
    "segno",
    "setuptools",
    "waitress",
    "xlsxwriter",
]

SERVED = """
import json, os, sys
from suwen.cli import serving

app = serving.application()
given = {"REQUEST_METHOD": "GET", "PATH_INFO": "/healthz", "HTTP_HOST": "localhost"}
given |= {"SERVER_NAME": "localhost", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1"}
statuses = []
body = b"".join(app(given, lambda status, headers, fault=None: statuses.append(status)))
plugins = [name for name in sys.modules if name.endswith(".plugin")]
print(json.dumps({"status": statuses, "plugins": plugins, "loaded": list(sys.modules)}))
"""


def told(code, **environment):
    """What a process of its own prints last, read as JSON."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_web_process_loads_only_what_pages_need(tmp_path):
    (tmp_path / "site.ini").write_text(INI)

    said = told(SERVED, SUWEN_CLI_CONFIG=str(tmp_path / "site.ini"))

    assert said["status"] == ["200 OK"]
    assert {"suwen_payment_wechat.plugin", "suwen_push_email.plugin"} <= set(said["plugins"])
    assert [name for name in ELSEWHERE if name in said["loaded"]] == []


def test_the_names_of_what_is_elsewhere_are_right():
    """A name that nobody can import would be absent for ever."""
    code = f"""
import importlib.util, json
print(json.dumps([name for name in {ELSEWHERE} if importlib.util.find_spec(name) is None]))
"""
    assert told(code) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc has heaps by thread")
def test_threads_share_one_heap(tmp_path):
    code = f"""
import ctypes, json, sys, threading
from suwen.cli import sparing

sparing.one_heap()
libc = ctypes.CDLL(None)
libc.malloc.restype = libc.fopen.restype = ctypes.c_void_p
together = threading.Barrier(6)
def take():
    together.wait()
    for _ in range(50):
        libc.malloc(2000)
threads = [threading.Thread(target=take) for _ in range(6)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
file = ctypes.c_void_p(libc.fopen({str(tmp_path / "heaps").encode()!r}, b"w"))
libc.malloc_info(0, file)
libc.fclose(file)
print(json.dumps(open({str(tmp_path / "heaps")!r}).read().count("<heap nr=")))
"""
    assert told(code) == 1
    assert told(code.replace("sparing.one_heap()", "")) > 1


@pytest.mark.parametrize(
    ("url", "loaded"), [("sqlite:////tmp/q.db", False), ("redis://127.0.0.1:6379/0", True)]
)
def test_the_client_of_redis_comes_only_with_its_queue(url, loaded):
    code = f"""
import json, sys
from suwen.cli import sparing
sparing.without_redis({url!r})
import huey.storage
print(json.dumps(huey.storage.Redis is not None))
"""
    assert told(code) is loaded


def test_what_is_loaded_at_the_start_is_left_out_of_collections():
    code = """
import gc, json, linecache
from suwen.cli import sparing
linecache.getlines(json.__file__)
sparing.preload()
print(json.dumps([gc.get_freeze_count(), list(gc.get_threshold()), len(linecache.cache)]))
"""
    frozen, threshold, lines = told(code)
    assert frozen > 50_000
    assert threshold == [700, 1, 1]
    assert lines == 0
