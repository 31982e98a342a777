"""The way out of the house: bounded calls, without redirects, to hosts on a list.

No plugin opens a connection by itself. A call goes only to a host that the setting
``outbound_hosts`` or the plugin's own ``base_url`` names, over HTTPS, and the name must resolve to
public addresses alone: they are checked where the connection is made, so that a name cannot change
its address in between. Development may also reach loopback and private addresses, over plain HTTP.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from suwen import __version__
from suwen.hookspecs.common import HttpResponse, HttpTransport, NoAnswer, NotSent

if TYPE_CHECKING:
    import httpcore

    from suwen.kernel.settings import Settings

MAX_ANSWER_BYTES = 4 * 1024 * 1024
CONNECT_TIMEOUT_S = 3.0
_PORTS = {"https": 443, "http": 80}
_UNSENT = (
    "ConnectError",
    "ConnectTimeout",
    "PoolTimeout",
    "UnsupportedProtocol",
    "LocalProtocolError",
)
_UNANSWERED = ("TimeoutException", "NetworkError", "ProtocolError", "ProxyError")

Resolve = Callable[[str, int], Sequence[str]]


class HostRefused(NotSent):
    """The address is not on the list, not HTTPS, or leads into a private network."""


class AnswerTooLarge(NoAnswer):
    """The answer was cut off at the limit: it counts as not read."""


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """A host, or with ``*.`` in front all hosts below a domain; without a port the scheme's own."""

    name: str
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> AllowedHost:
        """Read ``host``, ``host:port`` or ``*.domain``; raises ``ValueError``."""
        parts = urlsplit(f"//{text.strip().removeprefix('*.')}")
        if not parts.hostname or parts.path or parts.query or parts.username is not None:
            raise ValueError(f"not a host: {text}")
        wild = "*." if text.strip().startswith("*.") else ""
        return cls(wild + parts.hostname.rstrip("."), parts.port)

    def admits(self, scheme: str, host: str, port: int) -> bool:
        """Whether a call may go there."""
        if port != (self.port or _PORTS[scheme]):
            return False
        if self.name.startswith("*."):
            return host.endswith(self.name[1:])
        return host == self.name


def resolve(host: str, port: int) -> Sequence[str]:
    """All addresses of a name, as the system knows them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(item[4][0]) for item in found]


def is_public(address: str) -> bool:
    """Whether an address belongs to the public Internet; embedded IPv4 addresses count too."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in ipaddress.ip_network("64:ff9b::/96"):
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


class _Line:
    """Connects to the very address that was judged. Loaded with the first call: it takes 5 MB."""

    def __init__(self, *, public_only: bool, resolve: Resolve) -> None:
        self._public_only = public_only
        self._resolve = resolve

    @cached_property
    def pool(self) -> httpcore.ConnectionPool:
        import httpcore
        import httpx

        return httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context(trust_env=False),
            max_connections=100,
            keepalive_expiry=5.0,
            network_backend=cast("httpcore.NetworkBackend", self),
        )

    def connect_tcp(self, host: str, port: int, *args: Any, **named: Any) -> httpcore.NetworkStream:
        """What the pool calls for each connection: the method of a ``NetworkBackend``."""
        import httpcore

        addresses = self._judged(host, port)
        connect = httpcore.SyncBackend().connect_tcp
        for address in addresses[:-1]:
            try:
                return connect(address, port, *args, **named)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return connect(addresses[-1], port, *args, **named)

    def _judged(self, host: str, port: int) -> Sequence[str]:
        import httpcore

        try:
            addresses = list(dict.fromkeys(self._resolve(host, port)))
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError(f"{host} is unknown") from error
        if not addresses:
            raise httpcore.ConnectError(f"{host} has no address")
        # One private address among public ones is an attack or a mistake: none is used.
        if self._public_only and not all(is_public(address) for address in addresses):
            raise httpcore.ConnectError(f"{host} leads into a private network")
        return addresses


class Outbound:
    """The ``HttpTransport`` of the program; one per process, shared by threads."""

    def __init__(
        self,
        hosts: Iterable[str] = (),
        *,
        development: bool = False,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        resolve: Resolve = resolve,
        line: _Line | None = None,
    ) -> None:
        """``hosts`` in the form that ``AllowedHost.parse`` reads; an empty list allows nothing."""
        self._hosts = tuple(AllowedHost.parse(host) for host in hosts)
        self._development = development
        self._max_answer_bytes = max_answer_bytes
        self._line = line or _Line(public_only=not development, resolve=resolve)

    def allowing(self, settings: Mapping[str, Any]) -> Outbound:
        """The same way out for a plugin, open also to the hosts of its ``base_url`` settings."""
        view = Outbound(
            development=self._development, max_answer_bytes=self._max_answer_bytes, line=self._line
        )
        view._hosts = (*self._hosts, *hosts_in(settings))
        return view

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        timeout_s: float = 8.0,
    ) -> HttpResponse:
        """Send and return the answer, a redirect included; raises ``NotSent`` or ``NoAnswer``.

        ``timeout_s`` bounds the whole call once it is connected.
        """
        self._check(url)
        sent = {"user-agent": f"Suwen/{__version__}", "accept-encoding": "identity"}
        sent.update({name.lower(): value for name, value in (headers or {}).items()})
        limits = dict.fromkeys(("read", "write"), timeout_s)
        limits |= dict.fromkeys(("connect", "pool"), min(timeout_s, CONNECT_TIMEOUT_S))
        try:
            with self._line.pool.stream(
                method,
                url,
                headers=list(sent.items()),
                content=content,
                extensions={"timeout": limits},
            ) as answer:
                return self._read(answer, time.monotonic() + timeout_s)
        except _kinds(_UNSENT) as error:
            raise NotSent(f"{urlsplit(url).hostname}: {type(error).__name__}") from error
        except _kinds(_UNANSWERED) as error:
            raise NoAnswer(f"{urlsplit(url).hostname}: {type(error).__name__}") from error

    def _check(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise HostRefused("not an address") from None
        scheme, host = parts.scheme, (parts.hostname or "").rstrip(".")
        if scheme not in _PORTS or not host or "@" in parts.netloc or _has_controls(url):
            raise HostRefused("not an address that may be called")
        if scheme != "https" and not self._development:
            raise HostRefused(f"{host}: only HTTPS leaves the house")
        if not any(item.admits(scheme, host, port or _PORTS[scheme]) for item in self._hosts):
            raise HostRefused(f"{host} is not on the list of outbound hosts")

    def _read(self, answer: httpcore.Response, deadline: float) -> HttpResponse:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in answer.headers
        }
        if headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise NoAnswer("the answer is compressed although we asked for plain bytes")
        content = bytearray()
        for chunk in answer.iter_stream():
            content += chunk
            if len(content) > self._max_answer_bytes:
                raise AnswerTooLarge(f"more than {self._max_answer_bytes} bytes")
            if time.monotonic() > deadline:
                raise NoAnswer("the answer came too slowly")
        return HttpResponse(answer.status, headers, bytes(content))

    def close(self) -> None:
        """Close idle connections."""
        self._line.pool.close()


def hosts_in(settings: Mapping[str, Any]) -> Sequence[AllowedHost]:
    """Hosts named by a plugin's settings ``base_url`` and ``…_base_url``."""
    named = [
        value
        for name, value in settings.items()
        if (name == "base_url" or name.endswith("_base_url")) and isinstance(value, str)
    ]
    return [host for host in map(_host_in, named) if host is not None]


def _host_in(url: str) -> AllowedHost | None:
    try:
        parts = urlsplit(url)
        return AllowedHost(parts.hostname.rstrip("."), parts.port) if parts.hostname else None
    except ValueError:
        return None


def _kinds(names: Sequence[str]) -> tuple[type[Exception], ...]:
    import httpcore

    return tuple(getattr(httpcore, name) for name in names)


def _has_controls(url: str) -> bool:
    return re.search(r"[\x00-\x20\x7f]", url) is not None


def for_plugin(transport: HttpTransport, settings: Mapping[str, Any]) -> HttpTransport:
    """What a plugin's context carries: the way out, opened to the plugin's own hosts."""
    return transport.allowing(settings) if isinstance(transport, Outbound) else transport


def from_settings(settings: Settings) -> Outbound:
    """The way out of this process; raises ``ValueError`` for a host that cannot be read."""
    hosts = [item for item in re.split(r"[,\s]+", settings.outbound_hosts) if item]
    return Outbound(hosts, development=settings.development)
