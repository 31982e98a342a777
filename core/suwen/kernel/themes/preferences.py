"""Choices of how pages look, kept in cookies: language, light or dark, large text, surface."""

from __future__ import annotations

from dataclasses import dataclass
from string import punctuation
from typing import Any, Final
from urllib.parse import quote, urlsplit

from pyramid.httpexceptions import HTTPSeeOther

from suwen.kernel.i18n import LOCALES

YEAR: Final = 365 * 24 * 3600
CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "lang": LOCALES,
    "mode": ("auto", "light", "dark"),
    "care": ("0", "1"),
    "surface": ("pc", "mobile"),
}


@dataclass(frozen=True, slots=True)
class Display:
    """``mode`` is auto, light or dark; ``care`` is large text for weak eyes."""

    mode: str = "auto"
    care: bool = False


def display_modes(request: Any) -> Display:
    """The visitor's choices; anything unknown in a cookie counts as not chosen."""
    mode = request.cookies.get("mode", "auto")
    return Display(
        mode=mode if mode in CHOICES["mode"] else "auto", care=request.cookies.get("care") == "1"
    )


def surface_of(request: Any) -> str:
    """``admin`` below /admin, else the visitor's choice, else by the device: ``mobile`` or ``pc``."""
    if request.path == "/admin" or request.path.startswith("/admin/"):
        return "admin"
    chosen = request.cookies.get("surface")
    if chosen in CHOICES["surface"]:
        return str(chosen)
    agent = request.user_agent or ""
    return "mobile" if "MicroMessenger" in agent or "Mobile" in agent else "pc"


def local_path(target: str | None) -> str:
    """A path of this site to go back to, in ASCII; anything that could leave it becomes ``/``."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    parts = urlsplit(target)
    bad = parts.scheme or parts.netloc or any(ord(c) < 32 or c == "\\" for c in target)
    # Headers carry nothing else; what is encoded already stays as it is.
    return "/" if bad else quote(target, safe=punctuation)


def save(request: Any) -> Any:
    """View: keep the choices that were sent and go back to ``next``."""
    response = HTTPSeeOther(location=local_path(request.POST.get("next")))
    for name, allowed in CHOICES.items():
        value = request.POST.get(name)
        if value in allowed:
            response.set_cookie(
                name,
                value,
                max_age=YEAR,
                path="/",
                samesite="Lax",
                httponly=True,
                secure=request.scheme == "https",
            )
    return response
