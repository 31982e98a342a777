"""The way out, against a real server on loopback."""

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from suwen.hookspecs.common import NoAnswer, NotSent
from suwen.kernel import http
from suwen.kernel.http import AllowedHost, AnswerTooLarge, HostRefused, Outbound, is_public
from suwen.kernel.settings import Settings


class Provider(BaseHTTPRequestHandler):
    """Answers by the path it is asked for."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        getattr(self, self.path.strip("/").partition("/")[0], self.plain)()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._send(200, body, {"X-Method": "POST"})

    def plain(self):
        self._send(200, b"hello", {"Set-Cookie": "a=b"})

    def moved(self):
        self._send(302, b"", {"Location": "/elsewhere"})

    def large(self):
        self._send(200, b"x" * 5000)

    def packed(self):
        self._send(200, b"\x1f\x8b", {"Content-Encoding": "gzip"})

    def slow(self):
        self.server.release.wait(5)

    def drip(self):
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b"x")
            self.wfile.flush()
            if self.server.release.wait(0.05):
                return

    def cut(self):
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, status, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Tests need no access log."""


@pytest.fixture
def server():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.daemon_threads = True
    server.seen, server.release = [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.release.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def base(server):
    return f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def out(base):
    with_base = Outbound(development=True, max_answer_bytes=1000).allowing({"base_url": base})
    yield with_base
    with_base.close()


def test_an_answer_comes_back_raw_with_lower_case_names(out, base):
    answer = out.request("POST", base + "/x?a=1", content=b"\x00body", headers={"X-Own": "1"})

    assert (answer.status, answer.content, answer.headers["x-method"]) == (200, b"\x00body", "POST")


def test_redirects_are_answers_and_cookies_are_forgotten(out, base, server):
    answer = out.request("GET", base + "/moved")
    out.request("GET", base + "/plain")
    out.request("GET", base + "/plain")

    assert (answer.status, answer.headers["location"]) == (302, "/elsewhere")
    assert [path for path, _ in server.seen] == ["/moved", "/plain", "/plain"]
    assert not any("Cookie" in headers for _, headers in server.seen)


def test_proxies_of_the_environment_are_not_asked(out, base, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

    assert out.request("GET", base + "/plain").status == 200


def test_too_large_an_answer_counts_as_not_read(out, base):
    with pytest.raises(AnswerTooLarge):
        out.request("GET", base + "/large")


@pytest.mark.parametrize("path", ["/slow", "/drip", "/cut", "/packed"])
def test_sent_but_not_answered_is_unknown(out, base, path):
    begun = time.monotonic()

    with pytest.raises(NoAnswer):
        out.request("GET", base + path, timeout_s=0.3)

    assert time.monotonic() - begun < 3


def test_a_refused_connection_was_not_sent():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{probe.getsockname()[1]}"
    out = Outbound(development=True).allowing({"base_url": base})

    with pytest.raises(NotSent) as caught:
        out.request("GET", base + "/")

    assert not isinstance(caught.value, HostRefused)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example/",
        "https://elsewhere.example/",
        "https://api.example:8443/",
        "https://api.example.evil.example/",
        "https://api.example@elsewhere.example/",
        "https://user:word@api.example/",
        "https://api.example:port/",
        "https:///path",
        "https://api.example/a b",
        "https://api.example/\r\nX-Evil: 1",
        "ftp://api.example/",
        "file:///etc/passwd",
        "api.example",
        "https://[::1",
    ],
)
def test_only_listed_hosts_over_https(url):
    with pytest.raises(HostRefused):
        Outbound(["api.example"]).request("GET", url)


PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - an address to refuse, nothing binds to it
    "224.0.0.1",
    "::1",
    "fe80::1%eth0",
    "fc00::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::1",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_names_that_lead_into_a_private_network_are_refused(address):
    out = Outbound(["api.example"], resolve=lambda _host, _port: ["1.1.1.1", address])

    with pytest.raises(NotSent, match="ConnectError") as caught:
        out.request("GET", "https://api.example/")

    assert "private network" in str(caught.value.__cause__)


def test_public_addresses_are_public():
    assert is_public("1.1.1.1")
    assert is_public("2606:4700:4700::1111")
    assert not any(is_public(address) for address in PRIVATE)


def test_production_refuses_a_listed_loopback_address(server):
    """Written as a number it needs no name server; the connection is judged all the same."""
    host = f"127.0.0.1:{server.server_port}"

    with pytest.raises(NotSent) as caught:
        Outbound([host]).request("GET", f"https://{host}/plain")

    assert "private network" in str(caught.value.__cause__)
    assert server.seen == []


def test_an_unknown_name_was_not_sent():
    def unknown(_host, _port):
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(NotSent):
        Outbound(["api.example"], resolve=unknown).request("GET", "https://api.example/")


def test_the_next_address_is_tried(base, server):
    both = Outbound(
        ["site.example:" + str(server.server_port)],
        development=True,
        resolve=lambda _host, _port: ["::1", "127.0.0.1"],
    )

    answer = both.request("GET", f"http://site.example:{server.server_port}/plain")
    both.close()

    assert answer.content == b"hello"


@pytest.mark.parametrize(
    ("entry", "host", "port", "admitted"),
    [
        ("api.example", "api.example", 443, True),
        ("api.example", "api.example", 444, False),
        ("api.example:444", "api.example", 444, True),
        ("API.example.", "api.example", 443, True),
        ("*.push.example", "a.push.example", 443, True),
        ("*.push.example", "push.example", 443, False),
        ("*.push.example", "evilpush.example", 443, False),
    ],
)
def test_entries_of_the_list(entry, host, port, admitted):
    assert AllowedHost.parse(entry).admits("https", host, port) is admitted


@pytest.mark.parametrize("entry", ["", "https://a.example", "a.example/path", "u@a.example"])
def test_entries_that_are_no_hosts_are_refused(entry):
    with pytest.raises(ValueError, match=r"host|port"):
        AllowedHost.parse(entry)


def test_hosts_come_from_the_setting_and_from_a_plugins_base_url():
    out = http.from_settings(Settings(outbound_hosts="a.example, *.b.example"))
    view = http.for_plugin(
        out, {"base_url": "https://c.example", "notify_url": "https://d.example"}
    )

    assert http.hosts_in({"base_url": "https://[::1", "x_base_url": "https://c:port"}) == []
    assert [host.name for host in out._hosts] == ["a.example", "*.b.example"]
    assert [host.name for host in view._hosts] == ["a.example", "*.b.example", "c.example"]
    assert http.for_plugin(object(), {}).__class__ is object
