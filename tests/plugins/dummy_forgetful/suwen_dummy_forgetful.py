"""A plugin that keeps something about members, says nothing of it and cannot erase it."""

from sqlalchemy import BigInteger, Column, MetaData, String, Table

from suwen import hookimpl
from suwen.hookspecs.common import PluginInfo
from tests.plugins.channels import Channel

plugin_info = PluginInfo(
    id="dummy_forgetful", title="健忘插件", family="push", description="记得会员，却不会忘记"
)

# A table of its own metadata: the other tests' databases have no place for it.
own = MetaData()
Table(
    "dummy_forgetful_note",
    own,
    Column("id", BigInteger, primary_key=True),
    Column("member_id", BigInteger),
    Column("nickname", String(40), info={"personal": True}),
    Column("colour", String(10)),
)


@hookimpl
def suwen_push_channels():
    return [Channel("dummy_forgetful", "健忘通道")]
