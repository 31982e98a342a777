"""A load generator that costs little: ready-made requests on kept connections, one per thread."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

CONNECTIONS = 8
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Load:
    """What came of it: requests a second, and how long one took (milliseconds)."""

    rate: float
    p50_ms: float
    p95_ms: float
    size: int
    failed: int

    def __str__(self) -> str:
        """For people."""
        failed = f", {self.failed} failed" if self.failed else ""
        return (
            f"{self.rate:,.0f} req/s, median {self.p50_ms:.1f} ms, 95 % {self.p95_ms:.1f} ms, "
            f"{self.size / 1024:.0f} KiB{failed}"
        )


def run(
    url: str, *, seconds: float = 6.0, warm: float = 1.5, headers: Mapping[str, str] | None = None
) -> Load:
    """Ask for one address as fast as it answers, on eight connections; a refusal is no figure."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"GET {target} HTTP/1.1", f"Host: {parts.netloc}", "Accept-Language: zh-CN"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    where = (parts.hostname or "", parts.port or 80)
    if warm:
        _threads(where, request, warm)
    found = _threads(where, request, seconds)
    assert not found.failed, f"{found.failed} answers of {url} were not 200"
    return found


def _threads(where: tuple[str, int], request: bytes, seconds: float) -> Load:
    times: list[float] = []
    sizes: list[int] = []
    failed: list[str] = []
    until = time.perf_counter() + seconds

    def ask() -> None:
        with contextlib.closing(socket.create_connection(where, 30)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while time.perf_counter() < until:
                start = time.perf_counter()
                connection.sendall(request)
                status, size = _answer(connection)
                times.append(time.perf_counter() - start)
                sizes.append(size)
                if status != b"200":
                    failed.append(status.decode())

    began = time.perf_counter()
    threads = [threading.Thread(target=ask) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = time.perf_counter() - began
    times.sort()
    return Load(
        len(times) / taken,
        times[len(times) // 2] * 1000,
        times[int(len(times) * 0.95)] * 1000,
        sizes[-1],
        len(failed),
    )


def _answer(connection: socket.socket) -> tuple[bytes, int]:
    """Status and length of one answer; both servers send Content-Length."""
    head = b""
    while b"\r\n\r\n" not in head:
        more = connection.recv(65536)
        if not more:
            raise ConnectionError("the server closed the connection")
        head += more
    head, _, body = head.partition(b"\r\n\r\n")
    found = _LENGTH.search(b"\r\n" + head)
    if found is None:
        raise ConnectionError("an answer without Content-Length")
    length, got = int(found[1]), len(body)
    while got < length:
        more = connection.recv(262144)
        if not more:
            raise ConnectionError("the server closed the connection")
        got += len(more)
    return head[9:12], length
