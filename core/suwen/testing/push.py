"""Contract suite of the push family.

Subclass it in the tests of a channel plugin::

    class TestContract(PushChannelContract):
        @pytest.fixture
        def channel(self) -> PushChannel:
            return MyChannel()

Where messages leave the house, subclass ``suwen.testing.outbound.OutboundChannelContract``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import pytest

from suwen.hookspecs.common import PluginContext
from suwen.hookspecs.push import (
    AddressInvalid,
    Category,
    MessageFact,
    Outcome,
    PushChannel,
    Rendered,
    SendJob,
)

NOW: Final = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
CODE: Final = "907341"
FACT: Final = MessageFact("verification_code", "zh_CN", {"code": CODE, "minutes": "5"})
DEFAULT: Final = Rendered(f"您的验证码是 {CODE}，5 分钟内有效。请勿告诉他人。", "素问验证码")
ADDRESS_KINDS: Final = frozenset({"phone", "email", "member"})
SECRET_NAMES: Final = ("secret", "password", "token", "private")


def job_for(
    channel: PushChannel, ctx: PluginContext, address: str, delivery_id: int = 77
) -> SendJob:
    """A one-time code, rendered as the core would before sending."""
    return SendJob(
        delivery_id=delivery_id,
        idempotency_key=f"suwen-{delivery_id}",
        address=channel.validate_address(address),
        content=channel.render(ctx, FACT, DEFAULT),
        kind=FACT.kind,
        category=Category.OTP,
        attempt=1,
        created_at=NOW,
        member_id=5,
        code=CODE,
    )


class PushChannelContract:
    """What every channel must do. Give ``channel``, ``ctx`` and the addresses."""

    @pytest.fixture
    def channel(self) -> PushChannel:
        """The channel under test."""
        raise NotImplementedError("a subclass gives the channel")

    @pytest.fixture
    def ctx(self) -> PluginContext:
        """A context with which sending works."""
        raise NotImplementedError("a subclass gives a context")

    @pytest.fixture
    def good_addresses(self) -> Mapping[str, str]:
        """Addresses as people write them, with their canonical form."""
        raise NotImplementedError("a subclass gives addresses to accept")

    @pytest.fixture
    def bad_addresses(self) -> Sequence[str]:
        """What must be refused."""
        raise NotImplementedError("a subclass gives addresses to refuse")

    @pytest.fixture
    def address(self, good_addresses: Mapping[str, str]) -> str:
        """One address that is good."""
        return next(iter(good_addresses.values()))

    def test_the_info_can_be_shown_and_stored(self, channel: PushChannel) -> None:
        info = channel.info
        assert info.code.isidentifier()
        assert info.title
        assert info.address_kind in ADDRESS_KINDS
        assert info.categories
        assert info.uncertain_default in {"park", "resend"}
        assert info.max_batch >= 1

    def test_a_region_that_chose_nothing_has_settings(self, channel: PushChannel) -> None:
        values = channel.settings_schema().deserialize({})
        stored = json.loads(json.dumps(values))
        assert channel.settings_schema().deserialize(stored) == values

    def test_secrets_are_marked(self, channel: PushChannel) -> None:
        for node in channel.settings_schema().children:
            if any(word in node.name for word in SECRET_NAMES):
                assert getattr(node, "secret", False), node.name

    def test_good_addresses_become_canonical(
        self, channel: PushChannel, good_addresses: Mapping[str, str]
    ) -> None:
        assert good_addresses
        for written, canonical in good_addresses.items():
            assert channel.validate_address(written) == canonical
            assert channel.validate_address(canonical) == canonical

    def test_bad_addresses_are_refused(
        self, channel: PushChannel, bad_addresses: Sequence[str]
    ) -> None:
        assert bad_addresses
        for written in bad_addresses:
            with pytest.raises(AddressInvalid) as caught:
                channel.validate_address(written)
            assert len(written) < len(CODE) or written not in str(caught.value)

    def test_rendering_is_pure(self, channel: PushChannel, ctx: PluginContext) -> None:
        first, second = (channel.render(ctx, FACT, DEFAULT) for _ in range(2))
        assert first == second
        assert CODE in first.text

    def test_a_kind_of_message_that_nobody_knows_can_be_rendered(
        self, channel: PushChannel, ctx: PluginContext
    ) -> None:
        assert channel.render(ctx, MessageFact("no_such_kind", "en"), DEFAULT).text

    def test_an_empty_batch_sends_nothing(self, channel: PushChannel, ctx: PluginContext) -> None:
        assert list(channel.send(ctx, [])) == []

    def test_every_job_has_exactly_one_result(
        self, channel: PushChannel, ctx: PluginContext, address: str
    ) -> None:
        for ids in ([1], [3, 1, 2]):
            results = channel.send(ctx, [job_for(channel, ctx, address, one) for one in ids])
            assert [result.delivery_id for result in results] == ids
            accepted = {Outcome.ACCEPTED, Outcome.DELIVERED}
            assert all(result.outcome in accepted for result in results)
