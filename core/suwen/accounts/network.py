"""Where a request comes from. ``X-Forwarded-For`` counts only behind a proxy of the settings."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyramid.request import Request

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def proxies(text: str) -> Sequence[Network]:
    """Networks of trusted proxies; raises ``ValueError`` for one that cannot be read."""
    parts = (part.strip() for part in text.split(","))
    return [ipaddress.ip_network(part, strict=False) for part in parts if part]


def client_address(request: Request) -> str:
    """The caller's address: the last hop that is not one of our own proxies."""
    trusted: Sequence[Network] = request.registry["suwen.trusted_proxies"]
    address = request.environ.get("REMOTE_ADDR", "")
    forwarded = request.environ.get("HTTP_X_FORWARDED_FOR", "")
    for hop in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        known = _parse(address)
        if known is None or not any(known in network for network in trusted):
            break
        address = hop
    parsed = _parse(address)
    return str(parsed) if parsed is not None else "unknown"


def network_of(address: str) -> str:
    """What limits count as one place: an IPv4 address, or the /64 of an IPv6 one."""
    parsed = _parse(address)
    if parsed is None:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _parse(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
