"""A plugin that fails while it registers, after it has registered something already."""

from suwen import hookimpl
from suwen.hookspecs.common import PluginInfo
from tests.plugins.channels import Channel

plugin_info = PluginInfo(id="dummy_raises_in_hook", title="出错插件", family="push")


@hookimpl
def suwen_push_channels():
    yield Channel("dummy_raises_in_hook", "半途通道")
    raise RuntimeError("the second channel is broken")
