"""Words for states, and what the privacy page says is kept and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from suwen.kernel.i18n import _

STATES: Final = {
    "waiting": _("等待处理"),
    "running": _("进行中"),
    "ready": _("可以下载"),
    "done": _("已完成"),
    "failed": _("失败，将自动重试"),
    "cancelled": _("已取消"),
    "expired": _("已过期"),
}
TONES: Final = {
    "waiting": "warn",
    "running": "info",
    "ready": "ok",
    "done": "ok",
    "failed": "bad",
    "cancelled": "none",
    "expired": "none",
}
KINDS: Final = {"export": _("个人信息副本"), "erasure": _("注销账户")}
ACTIONS: Final = {
    "erased": _("已删除"),
    "anonymised": _("已去标识"),
    "kept": _("依法保留"),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A kind of data: what it is for, on which ground, and for how long."""

    what: str
    purpose: str
    basis: str
    how_long: str


HELD: Final = (
    Kept(
        _("登录手机号、邮箱、登录记录"),
        _("登录、安全与通知"),
        _("履行合同"),
        _("注销即删除；已结束的登录 30 天"),
    ),
    Kept(
        _("姓名、出生日期、性别、地址"),
        _("核对受检人、寄送采样盒与报告"),
        _("履行合同"),
        _("注销即删除"),
    ),
    Kept(
        _("检测报告、测评答案与结果"),
        _("出具报告与健康建议"),
        _("您的单独同意"),
        _("直到您删除或注销；密钥销毁后不可恢复"),
    ),
    Kept(
        _("订单、支付、退款与账目"),
        _("履行合同、售后与记账"),
        _("法定义务"),
        _("交易信息至少三年，会计档案最长 30 年"),
    ),
    Kept(_("消息与投递记录"), _("告知办理进度"), _("履行合同"), _("一年，注销即删除")),
    Kept(
        _("查阅与操作记录"),
        _("安全审计、让您看到谁查阅过"),
        _("法定义务"),
        _("长期；只含编号，细节随密钥销毁"),
    ),
)

STAYS: Final = (
    (
        _("订单、支付与退款记录"),
        _("《电子商务法》第三十一条：自交易完成之日起至少保存三年；不含姓名、地址和联系方式"),
    ),
    (
        _("账目"),
        _("《会计档案管理办法》第十四条：最长保存 30 年；只含编号与金额"),
    ),
    (
        _("审计日志与授权记录"),
        _("证明处理合法、追查安全事件；只含编号与时间，细节已随密钥销毁"),
    ),
    (
        _("检测机构依法留存的样本与原始记录"),
        _("由承担检测的机构按人类遗传资源和医疗机构的有关规定保存或销毁，我们会转告您的要求"),
    ),
)
GOES: Final = (
    _("登录方式、姓名、出生日期等资料和全部地址"),
    _("您和由您管理的家人的检测报告、健康档案、测评答案与结果"),
    _("消息、标签、分享链接、登录会话和个人信息副本"),
    _("订单中的收货信息和您写下的说明"),
)
