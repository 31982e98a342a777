"""The control surface: what tests, operators and benchmarks tell the simulator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from webob import Request, Response

from suwen_dev_simulator.clock import Clock
from suwen_dev_simulator.delivery import Post
from suwen_dev_simulator.faults import FaultBoard, Faults
from suwen_dev_simulator.providers import Refused
from suwen_dev_simulator.router import BadInput, Route, json_body, json_response
from suwen_dev_simulator.till import OUTCOMES, Till


class Control:
    """``/_sim/*`` and ``/healthz``."""

    def __init__(self, till: Till, faults: FaultBoard, clock: Clock, post: Post) -> None:
        """Control these."""
        self._till = till
        self._faults = faults
        self._clock = clock
        self._post = post

    def routes(self) -> Sequence[Route]:
        """Paths."""
        return [
            Route("POST", "/_sim/pay", self.pay),
            Route("POST", "/_sim/faults", self.set_faults),
            Route("GET", "/_sim/faults", self.show_faults),
            Route("POST", "/_sim/clock", self.set_clock),
            Route("GET", "/_sim/books", self.books),
            Route("GET", "/healthz", self.health),
        ]

    def pay(self, request: Request) -> Response:
        """Do what the buyer would at the cashier page."""
        body = json_body(request)
        number, outcome = body.get("payment"), body.get("outcome", "paid")
        if not isinstance(number, str) or outcome not in OUTCOMES:
            raise BadInput(f"payment must be a number, outcome one of {', '.join(OUTCOMES)}")
        payment = self._till.find(number)
        if payment is None:
            return json_response(404, {"error": "no such payment"})
        try:
            state = self._till.act(payment, outcome)
        except Refused as error:
            return json_response(409, {"error": str(error), "state": payment["state"]})
        return json_response(200, {"payment": number, "state": state})

    def set_faults(self, request: Request) -> Response:
        """Replace all faults; an empty object resets them."""
        try:
            faults = Faults.read(json_body(request))
        except (TypeError, ValueError) as error:
            raise BadInput(str(error)) from None
        self._faults.set(faults)
        self._post.woken.set()
        return json_response(200, self._shown())

    def show_faults(self, _request: Request) -> Response:
        """The present faults."""
        return json_response(200, self._shown())

    def _shown(self) -> Mapping[str, Any]:
        return asdict(self._faults.present())

    def set_clock(self, request: Request) -> Response:
        """Shorten the provider's waits: at 200 the 24 hours of repetitions take 7 minutes."""
        speed = json_body(request).get("speed")
        if isinstance(speed, bool) or not isinstance(speed, (int, float)):
            raise BadInput("speed must be a number")
        try:
            self._clock.set_speed(float(speed))
        except ValueError as error:
            raise BadInput(str(error)) from None
        self._post.woken.set()
        return json_response(200, {"speed": self._clock.speed})

    def books(self, _request: Request) -> Response:
        """The simulator's own books."""
        return json_response(200, self._till.books())

    def health(self, _request: Request) -> Response:
        """Alive."""
        return json_response(200, {"status": "ok"})
