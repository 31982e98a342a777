"""What a region enters to send text messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import colander
from deform.widget import PasswordWidget, SelectWidget, TextAreaWidget

from suwen_push_sms import templates
from suwen_push_sms.i18n import _

CONSOLE: Final = "console"
BACKENDS: Final = (CONSOLE, "aliyun", "tencent")
ALIYUN_URL: Final = "https://dysmsapi.aliyuncs.com"
TENCENT_URL: Final = "https://sms.tencentcloudapi.com"
REQUIRED: Final[Mapping[str, tuple[str, ...]]] = {
    CONSOLE: (),
    "aliyun": ("key_id", "key_secret", "sign_name"),
    "tencent": ("key_id", "key_secret", "sign_name", "sms_app_id"),
}
"""Settings without which a back end cannot send."""


def _are_templates(node: Any, value: str) -> None:
    try:
        templates.read(value)
    except templates.TemplateLineError as error:
        message = _("无法识别这一行：${line}", mapping={"line": str(error)})
        raise colander.Invalid(node, message) from None


def _is_base_url(node: Any, value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.path.strip("/"):
        raise colander.Invalid(node, _("接口地址只包含协议和域名，例如 https://example.com"))


class SettingsSchema(colander.Schema):
    """短信服务商."""

    backend = colander.SchemaNode(
        colander.String(),
        missing=CONSOLE,
        default=CONSOLE,
        title=_("服务商"),
        description=_("控制台只用于开发环境，不会真正发送短信"),
        widget=SelectWidget(
            values=[(CONSOLE, _("控制台")), ("aliyun", _("阿里云")), ("tencent", _("腾讯云"))]
        ),
        validator=colander.OneOf(BACKENDS),
    )
    key_id = colander.SchemaNode(
        colander.String(),
        missing="",
        title=_("密钥编号"),
        description=_("阿里云的 AccessKey ID，或腾讯云的 SecretId"),
        validator=colander.Regex(r"^[A-Za-z0-9]{1,128}\Z", _("密钥编号只包含字母和数字")),
    )
    key_secret = colander.SchemaNode(
        colander.String(),
        secret=True,
        missing="",
        title=_("密钥"),
        description=_("阿里云的 AccessKey Secret，或腾讯云的 SecretKey"),
        widget=PasswordWidget(),
        validator=colander.Regex(r"^[!-~]{1,128}\Z", _("密钥中不能有空格或中文")),
    )
    sign_name = colander.SchemaNode(
        colander.String(),
        missing="",
        title=_("短信签名"),
        description=_("在服务商处审核通过的签名，不带【】"),
        validator=colander.Regex(r"^[^【】\s]{2,12}\Z", _("签名为 2 到 12 个字，不带【】")),
    )
    sms_app_id = colander.SchemaNode(
        colander.String(),
        missing="",
        title=_("短信应用编号"),
        description=_("仅腾讯云需要：SdkAppId"),
        validator=colander.Regex(r"^\d{1,20}\Z", _("应用编号只包含数字")),
    )
    tencent_region = colander.SchemaNode(
        colander.String(),
        missing="ap-guangzhou",
        default="ap-guangzhou",
        title=_("腾讯云地域"),
        validator=colander.Regex(r"^[a-z0-9-]{1,30}\Z", _("例如 ap-guangzhou")),
    )
    templates = colander.SchemaNode(
        colander.String(),
        missing="",
        title=_("短信模板"),
        description=_(
            "每行一个：“消息类型 = 模板编号: 变量, 变量”，例如 "
            "verification_code = SMS_154950909: code, minutes。没有模板的消息不发短信"
        ),
        widget=TextAreaWidget(rows=8),
        validator=_are_templates,
    )
    aliyun_base_url = colander.SchemaNode(
        colander.String(),
        missing=ALIYUN_URL,
        default=ALIYUN_URL,
        title=_("阿里云接口地址"),
        description=_("一般不需要修改"),
        validator=_is_base_url,
    )
    tencent_base_url = colander.SchemaNode(
        colander.String(),
        missing=TENCENT_URL,
        default=TENCENT_URL,
        title=_("腾讯云接口地址"),
        description=_("一般不需要修改"),
        validator=_is_base_url,
    )


def missing(settings: Mapping[str, Any]) -> list[str]:
    """Names of settings that the chosen back end needs and has not."""
    return [name for name in REQUIRED[settings["backend"]] if not settings.get(name)]
