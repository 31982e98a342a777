"""What of the payment suite concerns a gateway that calls nobody and remembers nothing.

The house itself keeps the state of a purchase at the counter. Tests that ask a provider for it are
taken out by name.
"""

from collections.abc import Sequence

import pytest

from suwen.hookspecs.common import PluginContext
from suwen.hookspecs.payment import NotifyRequest, PaymentGateway
from suwen.testing.http import WsgiTransport
from suwen.testing.payment import Breakage, CreateContract, Flaw, InfoContract
from suwen.testing.push import NOW
from suwen_payment_offline.gateway import OfflineGateway

CALLS_NOBODY = dict.fromkeys(Breakage, "the gateway calls nobody")


class Counter:
    """A counter, where nothing goes over the wire."""

    secrets: Sequence[str] = ()
    calls = 0

    def pay(self, number: str) -> None:
        """Nobody tells the gateway."""

    def notification(self, number: str, flaw: Flaw = Flaw.NONE, *, delta_fen: int = 0):
        raise NotImplementedError

    def refund_notification(self, refund_number: str) -> NotifyRequest:
        raise NotImplementedError

    def break_next(self, how: Breakage) -> None:
        raise NotImplementedError

    def advance(self, seconds: float) -> None:
        """Time changes nothing."""


class AtTheCounter:
    impossible = CALLS_NOBODY

    @pytest.fixture
    def gateway(self) -> PaymentGateway:
        return OfflineGateway()

    @pytest.fixture
    def world(self) -> Counter:
        return Counter()

    @pytest.fixture
    def ctx(self, gateway: PaymentGateway) -> PluginContext:
        values = gateway.settings_schema().deserialize({"max_amount_fen": gateway.info.max_fen})
        return PluginContext("4306", values, lambda: NOW, WsgiTransport({}))


class TestInfo(AtTheCounter, InfoContract):
    # Every setting has a default.
    test_a_form_without_values_is_refused_field_by_field = None


class TestCreate(AtTheCounter, CreateContract):
    test_the_same_number_with_another_amount_is_refused = None
    test_a_paid_attempt_cannot_begin_again = None
    test_a_closed_attempt_needs_a_new_number = None
