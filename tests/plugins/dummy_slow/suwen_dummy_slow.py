"""A plugin whose every call takes its time; ``calls`` says which were made."""

import threading

from suwen import hookimpl
from suwen.hookspecs.common import PluginInfo
from tests.plugins.channels import Channel

plugin_info = PluginInfo(id="dummy_slow", title="慢插件", family="push")

calls = []
go_on = threading.Event()


def wait(name):
    calls.append(name)
    go_on.wait(5)


class SlowChannel(Channel):
    def check(self, ctx):
        wait("check")
        return super().check(ctx)

    def send(self, ctx, jobs):
        wait("send")
        return super().send(ctx, jobs)


@hookimpl
def suwen_push_channels():
    return [SlowChannel("dummy_slow", "慢通道")]


@hookimpl
def suwen_event(event):
    wait(f"event {event.name}")
