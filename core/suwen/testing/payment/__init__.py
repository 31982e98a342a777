"""Contract suite of the payment family.

Subclass it in the tests of a gateway's plugin::

    class TestContract(PaymentGatewayContract):
        @pytest.fixture
        def gateway(self) -> PaymentGateway:
            return MyGateway()

        @pytest.fixture
        def world(self) -> PaymentWorld:
            return MyWorld()  # the provider: a simulator, or a stand-in of your own

        @pytest.fixture
        def ctx(self, world) -> PluginContext:
            return world.context()

A gateway that sends no notifications, or whose money people move, takes the parts that concern it:
``InfoContract``, ``CreateContract``, ``QueryContract``, ``CloseContract``, ``RefundContract``,
``NotificationContract``.
"""

import pytest

# Before they are imported, so that a failing assertion shows its values.
pytest.register_assert_rewrite(
    *[
        f"suwen.testing.payment.{name}"
        for name in ("world", "create", "settle", "notify", "describe")
    ]
)

from suwen.testing.payment.create import CreateContract  # noqa: E402
from suwen.testing.payment.describe import InfoContract  # noqa: E402
from suwen.testing.payment.notify import NotificationContract  # noqa: E402
from suwen.testing.payment.settle import CloseContract, QueryContract, RefundContract  # noqa: E402
from suwen.testing.payment.world import (  # noqa: E402
    AMOUNT_FEN,
    Attempt,
    Breakage,
    ContractBase,
    Flaw,
    Numbers,
    PaymentWorld,
)

__all__ = [
    "AMOUNT_FEN",
    "Attempt",
    "Breakage",
    "CloseContract",
    "ContractBase",
    "CreateContract",
    "Flaw",
    "InfoContract",
    "NotificationContract",
    "Numbers",
    "PaymentGatewayContract",
    "PaymentWorld",
    "QueryContract",
    "RefundContract",
]


class PaymentGatewayContract(
    InfoContract,
    CreateContract,
    QueryContract,
    CloseContract,
    RefundContract,
    NotificationContract,
):
    """Everything that a gateway of a payment provider must keep."""
