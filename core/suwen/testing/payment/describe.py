"""What a gateway says of itself, and how it keeps the secrets it is given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import colander
import pytest

from suwen.hookspecs.common import PluginContext
from suwen.hookspecs.payment import ConfigError, PaymentGateway
from suwen.testing.payment.world import Attempt, ContractBase, PaymentWorld


class InfoContract(ContractBase):
    """``info``, ``settings_schema`` and ``check``."""

    def test_info_is_sane(self, gateway: PaymentGateway) -> None:
        info = gateway.info

        assert isinstance(gateway, PaymentGateway)
        assert re.fullmatch(r"[a-z][a-z0-9_]{2,39}", info.code)
        assert info.title.strip()
        assert 1 <= info.min_fen <= info.max_fen
        assert info.refund_days >= 1
        assert info.max_refunds >= 1
        assert info.refund_interval_s >= 0
        assert 60 <= info.default_ttl_s <= 90 * 86_400
        assert info.flow in {"qr", "redirect", "form", "jsapi", "instructions"}

    def test_numbers_of_the_house_suit_the_provider(self, gateway: PaymentGateway) -> None:
        assert re.fullmatch(gateway.info.public_number_pattern, "SW2026112408KX3M7Q")

    def test_settings_explain_themselves_and_mark_secrets(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld
    ) -> None:
        nodes = {node.name: node for node in gateway.settings_schema().children}
        told = {name for name, value in ctx.settings.items() if value in world.secrets}
        marked = {name for name, node in nodes.items() if getattr(node, "secret", False)}

        assert [name for name, node in nodes.items() if not node.title.strip()] == []
        assert told <= marked

    def test_settings_survive_being_stored(
        self, gateway: PaymentGateway, ctx: PluginContext
    ) -> None:
        schema = gateway.settings_schema()
        stored = {name: value for name, value in ctx.settings.items() if value not in ("", None)}

        assert schema.deserialize(stored) == dict(ctx.settings)

    def test_working_settings_have_no_errors_and_are_checked_without_a_call(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld
    ) -> None:
        before = world.calls

        problems = gateway.check(ctx)

        assert {problem.level for problem in problems} <= {"warning"}
        assert world.calls == before

    def test_each_broken_setting_is_found(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld
    ) -> None:
        for name, value in ctx.settings.items():
            if value in world.secrets:
                broken = replace(ctx, settings={**ctx.settings, name: "不是密钥"})

                problems = gateway.check(broken)

                assert "error" in {problem.level for problem in problems}, name
                assert all(problem.text.strip() for problem in problems)

    def test_a_broken_setting_is_a_named_error_in_every_call(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld, attempt: Attempt
    ) -> None:
        for name, value in ctx.settings.items():
            if value in world.secrets:
                broken = replace(ctx, settings=_with(ctx.settings, name, value[: len(value) // 2]))

                with self.refused(world, ConfigError):
                    gateway.query(broken, attempt.ref)

    def test_a_form_without_values_is_refused_field_by_field(
        self, gateway: PaymentGateway, ctx: PluginContext
    ) -> None:
        if not ctx.settings:
            pytest.skip("the gateway has no settings")
        with pytest.raises(colander.Invalid) as caught:
            gateway.settings_schema().deserialize({})

        assert caught.value.asdict()

    def test_nothing_shows_secrets_when_it_is_printed(
        self, gateway: PaymentGateway, ctx: PluginContext, world: PaymentWorld, attempt: Attempt
    ) -> None:
        printed = repr(gateway) + repr(ctx) + repr(attempt.result) + repr(vars(gateway))

        assert not [secret for secret in world.secrets if secret in printed]


def _with(settings: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    return {**settings, name: value}
