"""A plugin for another generation of the core."""

from suwen.hookspecs.common import PluginInfo

plugin_info = PluginInfo(
    id="dummy_wrong_version", title="旧插件", family="push", requires_suwen=">=9"
)
