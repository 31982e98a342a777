"""Contract suite of push channels that leave the house.

Subclass it in the tests of a channel plugin::

    class TestContract(OutboundChannelContract):
        @pytest.fixture
        def channel(self) -> PushChannel:
            return MyChannel()

        @pytest.fixture
        def far_end(self) -> FarEnd:
            return MyProviderDouble()
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

import pytest

from suwen.hookspecs.common import NotSent, PluginContext
from suwen.hookspecs.push import (
    ChannelMisconfigured,
    Outcome,
    PushChannel,
    SendJob,
    SendResult,
)
from suwen.testing.http import WsgiTransport
from suwen.testing.push import CODE, DEFAULT, FACT, NOW, PushChannelContract, job_for

NOT_DEVELOPMENT: Final = ("production", "testing", "Development", "")
FINAL: Final = frozenset({Outcome.REJECTED, Outcome.ADDRESS_GONE})


class FarEnd(Protocol):
    """A provider as tests see it. The next calls go as planned, in the order of asking."""

    @property
    def ctx(self) -> PluginContext:
        """A production context whose settings lead here."""
        ...

    def sent(self) -> int:
        """How many messages arrived."""
        ...

    def accept(self) -> None:
        """The next call is accepted, as are all that nothing was planned for."""
        ...

    def refuse(self) -> None:
        """The next call is proved unsent."""
        ...

    def lose_answer(self) -> None:
        """The next call arrives, but no answer comes back."""
        ...

    def garble(self) -> None:
        """The next call arrives and is answered with nonsense."""
        ...

    def reject(self) -> None:
        """The next call is answered with a final no to this one message."""
        ...


def console_context(
    settings: Mapping[str, Any], environment: str, console: Callable[..., None] | None
) -> PluginContext:
    """A context whose only way out is a console, where there is one."""
    extra = {} if console is None else {"console": console}
    transport = WsgiTransport({})
    return PluginContext("4306", settings, lambda: NOW, transport, environment, extra=extra)


class OutboundChannelContract(PushChannelContract):
    """What every channel must do that leaves the house. Give ``far_end`` as well."""

    @pytest.fixture
    def far_end(self) -> FarEnd:
        """The provider's double."""
        raise NotImplementedError("a subclass gives the provider's double")

    @pytest.fixture
    def ctx(self, far_end: FarEnd) -> PluginContext:
        """The way to the provider's double."""
        return far_end.ctx

    @pytest.fixture
    def console_settings(self, channel: PushChannel) -> Mapping[str, Any]:
        """Settings that choose the console."""
        values: Mapping[str, Any] = channel.settings_schema().deserialize({"backend": "console"})
        return values

    def test_one_message_leaves_per_job(
        self, channel: PushChannel, far_end: FarEnd, address: str
    ) -> None:
        channel.send(far_end.ctx, [job_for(channel, far_end.ctx, address, one) for one in (1, 2)])
        assert far_end.sent() == 2

    def test_nothing_leaves_without_a_job(self, channel: PushChannel, far_end: FarEnd) -> None:
        channel.send(far_end.ctx, [])
        channel.check(far_end.ctx)
        channel.render(far_end.ctx, FACT, DEFAULT)
        assert far_end.sent() == 0

    def test_what_is_proved_unsent_is_said_so(
        self, channel: PushChannel, far_end: FarEnd, address: str
    ) -> None:
        far_end.refuse()
        jobs = [job_for(channel, far_end.ctx, address)]
        with pytest.raises(NotSent):
            channel.send(far_end.ctx, jobs)
        assert far_end.sent() == 0
        assert channel.send(far_end.ctx, jobs)[0].outcome is Outcome.ACCEPTED

    def test_what_was_sent_before_is_never_called_unsent(
        self, channel: PushChannel, far_end: FarEnd, address: str
    ) -> None:
        far_end.accept()
        far_end.refuse()
        jobs = [job_for(channel, far_end.ctx, address, one) for one in (1, 2)]
        results = channel.send(far_end.ctx, jobs)
        assert [one.outcome for one in results] == [Outcome.ACCEPTED, Outcome.RETRY]
        assert far_end.sent() == 1

    def test_a_lost_answer_is_unknown(
        self, channel: PushChannel, far_end: FarEnd, address: str
    ) -> None:
        far_end.lose_answer()
        (result,) = channel.send(far_end.ctx, [job_for(channel, far_end.ctx, address)])
        assert result.outcome is Outcome.UNKNOWN

    def test_nonsense_is_unknown(self, channel: PushChannel, far_end: FarEnd, address: str) -> None:
        far_end.garble()
        (result,) = channel.send(far_end.ctx, [job_for(channel, far_end.ctx, address)])
        assert result.outcome is Outcome.UNKNOWN

    def test_a_no_concerns_one_job_only(
        self, channel: PushChannel, far_end: FarEnd, address: str
    ) -> None:
        far_end.reject()
        jobs = [job_for(channel, far_end.ctx, address, one) for one in (1, 2)]
        first, second = channel.send(far_end.ctx, jobs)
        assert first.outcome in FINAL
        assert second.outcome is Outcome.ACCEPTED

    @pytest.mark.parametrize("plan", ["accept", "refuse", "lose_answer", "garble", "reject"])
    def test_neither_results_nor_errors_tell_secrets(
        self, channel: PushChannel, far_end: FarEnd, address: str, plan: str
    ) -> None:
        getattr(far_end, plan)()
        said = _said(channel, far_end.ctx, job_for(channel, far_end.ctx, address))
        hidden = {CODE, address, *_secrets(channel, far_end.ctx)}
        assert not [word for word in hidden if word in said]

    def test_the_console_shows_in_development(
        self, channel: PushChannel, console_settings: Mapping[str, Any], address: str
    ) -> None:
        shown: list[tuple[Any, ...]] = []
        ctx = console_context(console_settings, "development", lambda *one: shown.append(one))
        results = channel.send(ctx, [job_for(channel, ctx, address)])
        assert [one.outcome for one in results] == [Outcome.ACCEPTED]
        assert shown == [(channel.info.code, address, DEFAULT.text, CODE)]

    @pytest.mark.parametrize("environment", NOT_DEVELOPMENT)
    def test_the_console_is_refused_outside_development(
        self,
        channel: PushChannel,
        console_settings: Mapping[str, Any],
        address: str,
        environment: str,
    ) -> None:
        shown: list[tuple[Any, ...]] = []
        ctx = console_context(console_settings, environment, lambda *one: shown.append(one))
        with pytest.raises(ChannelMisconfigured):
            channel.send(ctx, [job_for(channel, ctx, address)])
        assert shown == []
        assert [one for one in channel.check(ctx) if one.level == "error"]

    def test_a_missing_console_is_named(
        self, channel: PushChannel, console_settings: Mapping[str, Any], address: str
    ) -> None:
        ctx = console_context(console_settings, "development", None)
        with pytest.raises(ChannelMisconfigured):
            channel.send(ctx, [job_for(channel, ctx, address)])

    def test_good_settings_have_no_errors(self, channel: PushChannel, far_end: FarEnd) -> None:
        assert [one for one in channel.check(far_end.ctx) if one.level == "error"] == []

    def test_settings_without_secrets_are_refused_before_sending(
        self, channel: PushChannel, far_end: FarEnd, address: str
    ) -> None:
        names = _secret_names(channel)
        emptied = {**far_end.ctx.settings, **dict.fromkeys(names, "")}
        ctx = replace(far_end.ctx, settings=emptied)
        with pytest.raises(ChannelMisconfigured):
            channel.send(ctx, [job_for(channel, far_end.ctx, address)])
        assert far_end.sent() == 0
        assert [one for one in channel.check(ctx) if one.level == "error"]


def _said(channel: PushChannel, ctx: PluginContext, job: SendJob) -> str:
    try:
        results: Sequence[SendResult] = channel.send(ctx, [job])
    except (NotSent, ChannelMisconfigured) as error:
        return f"{error} {error!r}"
    return repr(results)


def _secret_names(channel: PushChannel) -> Sequence[str]:
    children = channel.settings_schema().children
    return [node.name for node in children if getattr(node, "secret", False)]


def _secrets(channel: PushChannel, ctx: PluginContext) -> Sequence[str]:
    return [str(ctx.settings[name]) for name in _secret_names(channel) if ctx.settings.get(name)]
