from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from suwen.hookspecs.push import PushChannel
from suwen.testing.outbound import FarEnd, OutboundChannelContract
from suwen_push_email.channel import EmailChannel


class TestEmailContract(OutboundChannelContract):
    @pytest.fixture
    def channel(self) -> PushChannel:
        return EmailChannel()

    @pytest.fixture
    def far_end(self, mail: Any) -> FarEnd:
        return mail

    @pytest.fixture
    def good_addresses(self) -> Mapping[str, str]:
        return {
            "ming@中文.example": "ming@xn--fiq228c.example",
            "a@b.example": "a@b.example",
            " Ming.Li+x@Example.COM ": "Ming.Li+x@example.com",
            "x_y-z@sub.domain.example": "x_y-z@sub.domain.example",
        }

    @pytest.fixture
    def bad_addresses(self) -> Sequence[str]:
        return [
            "",
            "ming",
            "@b.example",
            "a@",
            "a@b",
            "a@b..example",
            "a@-b.example",
            "a@127.0.0.1",
            "a..b@c.example",
            ".a@c.example",
            "a b@c.example",
            "a@b@c.example",
            '"a b"@c.example',
            "a@[127.0.0.1]",
            "明@c.example",
            "a@b.example\r\nBcc: x@y.example",
            "a@b.example\n",
            "a@b.example, c@d.example",
            "Ming <a@b.example>",
            "a" * 65 + "@b.example",
            "a@" + "b." * 150 + "example",
            "a@" + "b" * 64 + ".example",
        ]
