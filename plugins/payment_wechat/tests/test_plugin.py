"""As the program finds it."""

from importlib.metadata import entry_points

from suwen import ENTRY_POINT_GROUP
from suwen.kernel.plugins.host import PluginHost


def test_the_entry_point_loads_and_registers_one_gateway():
    (point,) = entry_points(group=ENTRY_POINT_GROUP, name="payment_wechat")
    host = PluginHost(strict=True)

    plugin = host.add(point)

    assert not plugin.broken
    assert plugin.info.family == "payment"
    assert [(item.plugin, item.code) for item in host.gateways] == [
        ("payment_wechat", "payment_wechat")
    ]
