from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from suwen.hookspecs.push import PushChannel
from suwen.testing.outbound import FarEnd, OutboundChannelContract
from suwen_push_sms.channel import SmsChannel


class TestSmsContract(OutboundChannelContract):
    @pytest.fixture
    def channel(self) -> PushChannel:
        return SmsChannel()

    @pytest.fixture
    def far_end(self, provider: Any) -> FarEnd:
        return provider

    @pytest.fixture
    def good_addresses(self) -> Mapping[str, str]:
        return {
            "13800000000": "+8613800000000",
            "138 0000-0000": "+8613800000000",
            "+86 138 0000 0000": "+8613800000000",
            "008613800000000": "+8613800000000",
            "１３８０００００００１": "+8613800000001",
            "+85261234567": "+85261234567",
            "+12025550123": "+12025550123",
        }

    @pytest.fixture
    def bad_addresses(self) -> Sequence[str]:
        return [
            "",
            "123",
            "1380000000",
            "138000000000",
            "12800000000",
            "010-62770334",
            "400-820-8820",
            "1-800-FLOWERS",
            "13800000000 ext 5",
            "13800000000,13800000001",
            "13800000000\r\nX: y",
            "+999123456789",
            "a@b.example",
            "1" * 5000,
        ]
