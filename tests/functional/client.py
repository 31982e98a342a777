"""The APP: calls operations of the API with a bearer token."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from webob import Request

if TYPE_CHECKING:
    from webob import Response

    from tests.functional.conftest import Market

PASSWORD = "洞庭湖-2026-月满"


class Client:
    """One installation of the APP."""

    def __init__(self, market: Market) -> None:
        """Nobody is signed in."""
        self.market = market
        self.access_token = ""
        self.refresh_token = ""

    def call(self, method: str, path: str, body: Any = None, *, key: str | None = None) -> Response:
        """Any call below ``/api/v1``."""
        request = Request.blank(f"/api/v1{path}", method=method)
        request.environ["REMOTE_ADDR"] = "127.0.0.1"
        request.host = "127.0.0.1:6543"
        if body is not None:
            request.content_type, request.body = "application/json", json.dumps(body).encode()
        if self.access_token:
            request.headers["Authorization"] = f"Bearer {self.access_token}"
        if key is not None:
            request.headers["Idempotency-Key"] = key
        return request.get_response(self.market.app)

    def ok(
        self, method: str, path: str, body: Any = None, *, status: int = 200, **more: Any
    ) -> Any:
        """A call that succeeds with this status; its answer."""
        answer = self.call(method, path, body, **more)
        assert answer.status_int == status, f"{method} {path}: {answer.status} {answer.text}"
        return answer.json if answer.body else None

    def refused(self, status: int, code: str, method: str, path: str, body: Any = None) -> Any:
        """A call that is refused as a problem document with this code."""
        answer = self.call(method, path, body)
        assert answer.status_int == status, f"{method} {path}: {answer.status} {answer.text}"
        assert answer.content_type == "application/problem+json"
        assert answer.json["status"] == status
        assert answer.json["code"] == code, answer.json
        assert answer.json["title"]
        return answer.json

    def get(self, path: str) -> Any:
        """GET."""
        return self.ok("GET", path)

    def take(self, tokens: dict[str, Any]) -> None:
        """Keep tokens."""
        self.access_token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]

    def code(self, address: str, purpose: str = "register") -> str:
        """Ask for a code and read it where development shows it."""
        self.ok("POST", "/verification-codes", {"address": address, "purpose": purpose}, status=202)
        self.market.work()
        items = self.market.browser().get("/_dev/outbox.json").json["items"]
        plain = address.removeprefix("+86")
        return str([i["code"] for i in items if i["address"].endswith(plain) and i["code"]][-1])

    def register(self, phone: str | None = None, **more: Any) -> dict[str, Any]:
        """A new member."""
        address = phone or f"139{secrets.randbelow(10**8):08d}"
        body = {"kind": "individual", "address": address, "password": PASSWORD, **more}
        body["code"] = self.code(address)
        answer = self.ok("POST", "/registrations", body, status=201)
        self.take(answer)
        member: dict[str, Any] = answer["member"]
        return member

    def sign_in(self, name: str) -> None:
        """As a demonstration account."""
        import pyotp

        account = self.market.account(name)
        body = {"address": account["address"], "password": account["password"]}
        if account["totp_secret"]:
            body["totp"] = pyotp.TOTP(account["totp_secret"]).now()
        self.take(self.ok("POST", "/sessions", body, status=201))

    def step_up(self) -> None:
        """Prove oneself again by password."""
        self.ok("POST", "/sessions/step-up", {"password": PASSWORD})
