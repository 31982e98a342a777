"""What the buyer must do next, as it is kept and as the API shows it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Final
from urllib.parse import urlsplit

from suwen.hookspecs.payment import Action, Instructions, JsApi, PostForm, Redirect, ShowQR

KINDS: Final = {kind.kind: kind for kind in (ShowQR, Redirect, PostForm, JsApi, Instructions)}


class BadAction(ValueError):
    """A plugin gave something that cannot be shown to a buyer."""


def dump(action: Action, *, development: bool) -> dict[str, Any]:
    """``{"kind": …}`` with the fields of the action; raises ``BadAction``."""
    if type(action) not in KINDS.values():
        raise BadAction(type(action).__name__)
    url = getattr(action, "url", None)
    if url is not None:
        _check(url, development=development)
    values = {field.name: getattr(action, field.name) for field in fields(action)}
    plain = {name: dict(v) if hasattr(v, "items") else str(v) for name, v in values.items()}
    return {"kind": action.kind, **plain}


def load(values: dict[str, Any]) -> Action:
    """The action that was dumped."""
    rest = {name: value for name, value in values.items() if name != "kind"}
    action: Action = KINDS[values["kind"]](**rest)
    return action


def origin(url: str) -> str:
    """Scheme and host, the way a content security policy names them."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _check(url: str, *, development: bool) -> None:
    parts = urlsplit(url)
    schemes = {"https", "http"} if development else {"https"}
    if parts.scheme not in schemes or not parts.hostname or parts.username is not None:
        raise BadAction(f"not an address for buyers: {parts.scheme}://{parts.hostname}")
    if any(character in parts.netloc for character in " ;,'\"\r\n"):
        raise BadAction("the host would break the page's policy")
