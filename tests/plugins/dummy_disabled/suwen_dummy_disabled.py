"""A plugin that starts switched off and wants settings; it has a page and a callback of its own."""

import colander
from pyramid.response import Response

from suwen import hookimpl
from suwen.hookspecs.common import PluginInfo, Problem
from tests.plugins.channels import Channel

plugin_info = PluginInfo(
    id="dummy_disabled",
    title="停用插件",
    family="push",
    description="开始时停用",
    default_enabled=False,
    data_leaves_country=True,
)


class Settings(colander.MappingSchema):
    sender = colander.SchemaNode(colander.String(), title="发件人")
    api_key = colander.SchemaNode(colander.String(), title="密钥", secret=True)
    per_hour = colander.SchemaNode(
        colander.Integer(strict=True), title="每小时上限", missing=100, default=100
    )


class DisabledChannel(Channel):
    settings_schema = Settings

    def check(self, ctx):
        if ctx.settings["sender"] == "explode":
            raise RuntimeError("secret inside")
        if ctx.settings["sender"] == "wrong":
            return [Problem("error", "发件人不存在", "sender")]
        return [Problem("warning", "额度将用完")]


@hookimpl
def suwen_push_channels():
    return [DisabledChannel("dummy_disabled", "停用通道")]


@hookimpl
def suwen_mount(config):
    for name, options in (("page", {}), ("callback", {"settling": True})):
        config.add_route(f"dummy_disabled.{name}", f"/dummy-disabled/{name}")
        config.add_view(answer, route_name=f"dummy_disabled.{name}", permission="public", **options)


def answer(request):
    return Response("dummy")
