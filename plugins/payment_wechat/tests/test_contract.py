"""The contract of the payment family, kept against the simulator."""

import pytest

from suwen.testing.payment import PaymentGatewayContract
from suwen_payment_wechat.gateway import WeChatPayGateway


class TestContract(PaymentGatewayContract):
    @pytest.fixture
    def gateway(self):
        return WeChatPayGateway()

    @pytest.fixture
    def world(self, wechat):
        return wechat

    @pytest.fixture
    def ctx(self, wechat):
        return wechat.context()
