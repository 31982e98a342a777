"""Each planted fault fails the test of the suite that names it."""

from __future__ import annotations

import inspect
from dataclasses import replace

import colander
import pytest
from webob import Response

from suwen.hookspecs.common import NoAnswer, NotSent, PluginContext, Problem
from suwen.hookspecs.push import (
    AddressInvalid,
    Category,
    ChannelInfo,
    ChannelMisconfigured,
    Outcome,
    SendResult,
)
from suwen.testing.http import WsgiTransport
from suwen.testing.outbound import OutboundChannelContract
from suwen.testing.push import CODE, NOW

SECRET = "geheim"


class Schema(colander.Schema):
    backend = colander.SchemaNode(colander.String(), missing="console")
    secret = colander.SchemaNode(colander.String(), missing="", secret=True)


class Leaky(colander.Schema):
    backend = colander.SchemaNode(colander.String(), missing="console")
    secret = colander.SchemaNode(colander.String(), missing="")


class Good:
    info = ChannelInfo("fake", "样例", "phone", frozenset(Category))
    settings_schema = Schema

    def check(self, ctx):
        if ctx.settings["backend"] == "console":
            return [] if ctx.environment == "development" else [Problem("error", "不行")]
        return [] if ctx.settings["secret"] else [Problem("error", "不行")]

    def validate_address(self, value):
        if not value.strip().isdigit():
            raise AddressInvalid("not digits")
        return value.strip()

    def render(self, ctx, message, default):
        return default

    def send(self, ctx, jobs):
        results = []
        for job in jobs:
            try:
                results.append(self.send_one(ctx, job))
            except NotSent:
                if not results:
                    raise
                results.append(SendResult(job.delivery_id, Outcome.RETRY))
        return results

    def send_one(self, ctx, job):
        if ctx.settings["backend"] == "console":
            return self.show(ctx, job)
        if not ctx.settings["secret"]:
            raise ChannelMisconfigured("no secret")
        try:
            answer = ctx.transport.request("POST", "https://far.example/", content=b"x")
        except NoAnswer:
            return SendResult(job.delivery_id, Outcome.UNKNOWN)
        return SendResult(job.delivery_id, self.outcome(answer))

    def outcome(self, answer):
        named = {200: Outcome.ACCEPTED, 400: Outcome.REJECTED}
        return named.get(answer.status, Outcome.UNKNOWN)

    def show(self, ctx, job):
        if ctx.environment != "development" or "console" not in ctx.extra:
            raise ChannelMisconfigured("development only")
        ctx.extra["console"]("fake", job.address, job.content.text, job.code)
        return SendResult(job.delivery_id, Outcome.ACCEPTED)


class FarEnd:
    def __init__(self):
        self.transport = WsgiTransport({"https://far.example": Response("ok")})
        settings = {"backend": "far", "secret": SECRET}
        self.ctx = PluginContext("4306", settings, lambda: NOW, self.transport)

    def sent(self):
        return len(self.transport.sent)

    def accept(self):
        self.transport.answer(200)

    def refuse(self):
        self.transport.refuse()

    def lose_answer(self):
        self.transport.lose_answer()

    def garble(self):
        self.transport.answer(502)

    def reject(self):
        self.transport.answer(400)


class Nameless(Good):
    info = replace(Good.info, title="")


class Unset(Good):
    class settings_schema(Schema):  # noqa: N801
        host = colander.SchemaNode(colander.String())


class Careless(Good):
    settings_schema = Leaky


class Verbatim(Good):
    def validate_address(self, value):
        super().validate_address(value)
        return value


class Trusting(Good):
    def validate_address(self, value):
        return value


class Echoing(Good):
    def validate_address(self, value):
        try:
            return super().validate_address(value)
        except AddressInvalid:
            raise AddressInvalid(f"{value} is bad") from None


class Forgetful(Good):
    def render(self, ctx, message, default):
        return replace(default, text=default.text.replace(CODE, "…"))


class Narrow(Good):
    def render(self, ctx, message, default):
        return default if message.kind == "verification_code" else replace(default, text="")


class Broadcasting(Good):
    def send(self, ctx, jobs):
        if not jobs:
            ctx.transport.request("POST", "https://far.example/")
        return super().send(ctx, jobs)


class Inventive(Good):
    def send(self, ctx, jobs):
        return super().send(ctx, jobs) or [SendResult(1, Outcome.ACCEPTED)]


class Short(Good):
    def send(self, ctx, jobs):
        return super().send(ctx, jobs)[:1]


class Lazy(Good):
    def send_one(self, ctx, job):
        return SendResult(job.delivery_id, Outcome.ACCEPTED)


class Vague(Good):
    def send(self, ctx, jobs):
        try:
            return super().send(ctx, jobs)
        except NotSent:
            return [SendResult(job.delivery_id, Outcome.UNKNOWN) for job in jobs]


class Abrupt(Good):
    def send(self, ctx, jobs):
        return [self.send_one(ctx, job) for job in jobs]


class Hopeful(Good):
    def outcome(self, answer):
        return Outcome.ACCEPTED


class Repeating(Good):
    def send_one(self, ctx, job):
        result = super().send_one(ctx, job)
        unknown = result.outcome is Outcome.UNKNOWN
        return replace(result, outcome=Outcome.RETRY) if unknown else result


class Chatty(Good):
    def send_one(self, ctx, job):
        return replace(super().send_one(ctx, job), detail=f"{SECRET} {job.address}")


class Silent(Good):
    def show(self, ctx, job):
        if ctx.environment != "development":
            raise ChannelMisconfigured("development only")
        return SendResult(job.delivery_id, Outcome.ACCEPTED)


class Everywhere(Good):
    def show(self, ctx, job):
        ctx.extra["console"]("fake", job.address, job.content.text, job.code)
        return SendResult(job.delivery_id, Outcome.ACCEPTED)


class Complaining(Good):
    def check(self, ctx):
        return [Problem("error", "不行")]


class Bare(Good):
    def send_one(self, ctx, job):
        return super().send_one(replace(ctx, settings={**ctx.settings, "secret": "x"}), job)


FAULTS = [
    (Nameless, "test_the_info_can_be_shown_and_stored"),
    (Unset, "test_a_region_that_chose_nothing_has_settings"),
    (Careless, "test_secrets_are_marked"),
    (Verbatim, "test_good_addresses_become_canonical"),
    (Trusting, "test_bad_addresses_are_refused"),
    (Echoing, "test_bad_addresses_are_refused"),
    (Forgetful, "test_rendering_is_pure"),
    (Narrow, "test_a_kind_of_message_that_nobody_knows_can_be_rendered"),
    (Inventive, "test_an_empty_batch_sends_nothing"),
    (Short, "test_every_job_has_exactly_one_result"),
    (Lazy, "test_one_message_leaves_per_job"),
    (Broadcasting, "test_nothing_leaves_without_a_job"),
    (Vague, "test_what_is_proved_unsent_is_said_so"),
    (Abrupt, "test_what_was_sent_before_is_never_called_unsent"),
    (Repeating, "test_a_lost_answer_is_unknown"),
    (Hopeful, "test_nonsense_is_unknown"),
    (Hopeful, "test_a_no_concerns_one_job_only"),
    (Chatty, "test_neither_results_nor_errors_tell_secrets"),
    (Silent, "test_the_console_shows_in_development"),
    (Everywhere, "test_the_console_is_refused_outside_development"),
    (Silent, "test_a_missing_console_is_named"),
    (Complaining, "test_good_settings_have_no_errors"),
    (Bare, "test_settings_without_secrets_are_refused_before_sending"),
]
TESTS = sorted(name for name in dir(OutboundChannelContract) if name.startswith("test_"))


def run(channel, name):
    far_end = FarEnd()
    fixtures = {
        "channel": channel,
        "far_end": far_end,
        "ctx": far_end.ctx,
        "good_addresses": {"13800000000": "13800000000", " 13800000001 ": "13800000001"},
        "bad_addresses": ["", "not a number"],
        "address": "13800000000",
        "console_settings": {"backend": "console", "secret": ""},
        "environment": "production",
        "plan": "accept",
    }
    test = getattr(OutboundChannelContract(), name)
    wanted = inspect.signature(test).parameters
    test(**{key: value for key, value in fixtures.items() if key in wanted})


@pytest.mark.parametrize("name", TESTS)
def test_a_good_channel_passes(name):
    run(Good(), name)


@pytest.mark.parametrize(
    ("fault", "name"), FAULTS, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_planted_fault_fails(fault, name):
    caught = (AssertionError, colander.Invalid, NotSent, pytest.fail.Exception)
    with pytest.raises(caught):
        run(fault(), name)


def test_every_test_has_a_fault():
    assert set(TESTS) == {name for _, name in FAULTS}
