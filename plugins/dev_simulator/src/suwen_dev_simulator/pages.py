"""Pages for the buyer, and an overview for whoever runs the simulator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from webob import Request, Response

from suwen_dev_simulator.clock import Clock
from suwen_dev_simulator.faults import FaultBoard
from suwen_dev_simulator.providers import Provider, Refused
from suwen_dev_simulator.router import BadInput, Route
from suwen_dev_simulator.store import Row
from suwen_dev_simulator.till import OUTCOMES, Till

CHINA: Final = timezone(timedelta(hours=8))
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
STATES: Final = {
    "pending": "待支付",
    "paid": "支付成功",
    "failed": "支付失败",
    "closed": "已关闭",
    "refunded": "已退款",
}


class Pages:
    """Everything a browser sees."""

    def __init__(
        self, till: Till, providers: Mapping[str, Provider], faults: FaultBoard, clock: Clock
    ) -> None:
        """Show these."""
        self._till = till
        self._providers = providers
        self._faults = faults
        self._clock = clock
        self._templates = Environment(
            loader=PackageLoader("suwen_dev_simulator"), autoescape=True, undefined=StrictUndefined
        )
        self._templates.filters.update(yuan=yuan, local_time=local_time)
        self._style = files("suwen_dev_simulator").joinpath("static/cashier.css").read_bytes()

    def routes(self) -> Sequence[Route]:
        """Paths."""
        cashier = r"/pay/(?P<provider>[a-z]+)/(?P<number>[^/]+)"
        return [
            Route("GET", "/", self.overview),
            Route("GET", "/static/cashier.css", self.style),
            Route("GET", cashier, self.cashier),
            Route("POST", cashier, self.decide),
        ]

    def overview(self, _request: Request) -> Response:
        """The newest payments, the faults and the speed."""
        return self._page(
            "overview.html",
            payments=self._till.recent(),
            faults=self._faults.present(),
            speed=self._clock.speed,
        )

    def style(self, _request: Request) -> Response:
        """The style sheet."""
        return Response(body=self._style, content_type="text/css", charset="utf-8")

    def cashier(self, request: Request, provider: str, number: str) -> Response:
        """The page behind a QR code."""
        payment = self._till.find(number, provider)
        if payment is None:
            return self._page("missing.html", status=404)
        return self._cashier_page(payment, cancelled="cancelled" in request.GET)

    def _cashier_page(self, payment: Row, *, status: int = 200, **extra: Any) -> Response:
        return self._page(
            "cashier.html",
            status=status,
            payment=payment,
            provider=self._providers[payment["provider"]],
            payable=self._till.payable(payment),
            **{"cancelled": False, "error": "", **extra},
        )

    def decide(self, request: Request, provider: str, number: str) -> Response:
        """A button was pressed."""
        outcome = request.POST.get("outcome")
        if outcome not in OUTCOMES:
            raise BadInput("outcome is missing")
        payment = self._till.find(number, provider)
        if payment is None:
            return self._page("missing.html", status=404)
        try:
            self._till.act(payment, outcome)
        except Refused as error:
            return self._cashier_page(payment, status=409, error=str(error))
        query = "?cancelled=1" if outcome == "cancelled" else ""
        return Response(status=303, location=f"/pay/{provider}/{number}{query}")

    def _page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        html = self._templates.get_template(template).render(states=STATES, **values)
        response = Response(status=status, text=html, content_type="text/html", charset="utf-8")
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response


def yuan(amount_fen: int) -> str:
    """Fen as yuan."""
    return f"{amount_fen // 100:,}.{amount_fen % 100:02d}"


def local_time(moment: float) -> str:
    """A moment in China."""
    return datetime.fromtimestamp(moment, CHINA).strftime("%Y-%m-%d %H:%M:%S")
