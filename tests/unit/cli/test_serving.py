"""Where the site listens, and how it is stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from suwen.cli.serving import WAITRESS, Address, waitress_options
from suwen.kernel.settings import Settings

pytestmark = pytest.mark.sqlite

INI = """
[app:main]
suwen.environment = development
suwen.data_dir = %(here)s/var
suwen.queue_url = memory://
suwen.plugins = false

[server:main]
listen = 127.0.0.1:6543
{more}
"""


@pytest.fixture
def ini(tmp_path):
    path = tmp_path / "site.ini"
    path.write_text(INI.format(more=""))
    return path


def suwen(ini, *words):
    code = "import sys; from suwen.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "-c", str(ini), *words]
    environment = {**os.environ, "SUWEN_TRACEBACK": "1"}
    return subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(url, process):
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer
        except OSError:
            assert process.poll() is None, process.communicate()[1]
            time.sleep(0.1)
    raise AssertionError("no answer")


def stop(process):
    process.send_signal(signal.SIGTERM)
    _out, err = process.communicate(timeout=20)
    return process.returncode, err


@pytest.mark.parametrize("more", ["", "server = granian\nworkers = 1"])
def test_it_serves_until_it_is_told_to_stop(ini, more):
    ini.write_text(INI.format(more=more))
    port = free_port()
    process = suwen(ini, "serve", "--port", str(port), "--no-plugins")

    answer = get(f"http://127.0.0.1:{port}/healthz", process)
    status, err = stop(process)

    assert answer.status == 200
    assert not any(char.isdigit() for char in answer.headers.get("Server", ""))
    assert status == 0, err
    assert f"listening on http://127.0.0.1:{port}" in err


def test_the_job_runner_stops_cleanly(ini):
    process = suwen(ini, "work")
    assert process.stderr.readline() == "working\n"

    status, err = stop(process)

    assert status == 0, err


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1"])  # noqa: S104 - to be refused
def test_development_listens_on_this_machine_only(ini, host):
    process = suwen(ini, "serve", "--host", host)
    _out, err = process.communicate(timeout=30)

    assert process.returncode == 1
    assert "development listens on a loopback address only" in err


def test_the_inis_own_address_is_judged_too(ini):
    ini.write_text(INI.format(more="").replace("127.0.0.1:6543", "0.0.0.0:6543"))
    process = suwen(ini, "serve")
    _out, err = process.communicate(timeout=30)

    assert process.returncode == 1
    assert "loopback" in err


def test_addresses_are_read():
    assert Address.parse("127.0.0.1:80") == Address("127.0.0.1", 80)
    assert str(Address.parse("[::1]:80")) == "[::1]:80"
    with pytest.raises(Exception, match="not an address"):
        Address.parse("80")


def test_options_of_the_server():
    options = waitress_options(
        {"threads": "3", "listen": "x"},
        Settings(base_url="https://shop.example", trusted_proxies="10.0.0.0/8"),
    )

    assert options["threads"] == 3
    assert options["url_scheme"] == "https"
    assert options["ident"] is None
    assert options["clear_untrusted_proxy_headers"] is False
    assert options["max_request_body_size"] == WAITRESS["max_request_body_size"]
    assert waitress_options({}, Settings())["clear_untrusted_proxy_headers"] is True
