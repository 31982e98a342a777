"""What a merchant enters, and the account it makes."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit

import colander
from deform.widget import TextAreaWidget

from suwen.hookspecs.common import PluginContext
from suwen.hookspecs.payment import ConfigError
from suwen_payment_wechat import keys
from suwen_payment_wechat.i18n import _

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

DEFAULT_BASE_URL: Final = "https://api.mch.weixin.qq.com"
SIMULATOR_MARK: Final = "SIMULATOR"
"""Stands in the ids of keys that a simulator made; such keys are refused in production."""

Validator = Callable[[Any, str], None]


def _readable(read: Callable[[str], object], fault: str) -> Validator:
    def validate(node: Any, value: str) -> None:
        try:
            read(value)
        except keys.KeyUnusable:
            raise colander.Invalid(node, fault) from None

    return validate


def _strip(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def _is_apiv3_key(node: Any, value: str) -> None:
    if len(value.encode()) != keys.APIV3_KEY_BYTES:
        raise colander.Invalid(node, _("APIv3 密钥必须恰好是 32 个字节"))


def _is_base_url(node: Any, value: str) -> None:
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise colander.Invalid(
            node, _("接口地址只包含协议和域名，例如 https://api.mch.weixin.qq.com")
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise colander.Invalid(node, _("接口地址必须以 https:// 开头"))


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class SettingsSchema(colander.Schema):
    """商户参数. ``secret=True`` marks what is sealed at rest and never sent back to a browser."""

    mchid = colander.SchemaNode(
        colander.String(),
        preparer=_strip,
        title=_("商户号"),
        description=_("微信支付商户平台分配的商户号"),
        validator=colander.Regex(r"^[0-9]{6,32}\Z", _("商户号只包含数字")),
    )
    appid = colander.SchemaNode(
        colander.String(),
        preparer=_strip,
        title=_("AppID"),
        description=_("已与商户号绑定的公众号、小程序或应用的 AppID"),
        validator=colander.Regex(r"^wx[0-9a-zA-Z]{6,30}\Z", _("AppID 以 wx 开头")),
    )
    merchant_serial = colander.SchemaNode(
        colander.String(),
        preparer=_strip,
        title=_("商户证书序列号"),
        description=_("商户平台“API 安全”中商户 API 证书的序列号，十六进制"),
        validator=colander.Regex(r"^[0-9A-Fa-f]{8,64}\Z", _("序列号是十六进制数字")),
    )
    merchant_private_key = colander.SchemaNode(
        colander.String(),
        secret=True,
        title=_("商户私钥"),
        description=_("apiclient_key.pem 的全部内容"),
        widget=TextAreaWidget(rows=8),
        validator=_readable(
            keys.load_private_key,
            _("不是可用的商户私钥：请粘贴 PEM 格式、不带口令的 RSA 私钥（2048 位以上）"),
        ),
    )
    apiv3_key = colander.SchemaNode(
        colander.String(),
        secret=True,
        preparer=_strip,
        title=_("APIv3 密钥"),
        description=_("在商户平台设置的 32 位密钥，用于解密回调通知"),
        validator=_is_apiv3_key,
    )
    public_key_id = colander.SchemaNode(
        colander.String(),
        missing="",
        preparer=_strip,
        title=_("微信支付公钥 ID"),
        description=_("以 PUB_KEY_ID_ 开头；使用平台证书的老商户可以留空"),
        validator=colander.Regex(
            rf"^{keys.PUBLIC_KEY_PREFIX}[0-9A-Z_]{{1,64}}\Z", _("公钥 ID 以 PUB_KEY_ID_ 开头")
        ),
    )
    public_key = colander.SchemaNode(
        colander.String(),
        missing="",
        title=_("微信支付公钥"),
        description=_("pub_key.pem 的全部内容，与公钥 ID 一起填写"),
        widget=TextAreaWidget(rows=8),
        validator=_readable(
            keys.load_public_key, _("不是可用的微信支付公钥：请粘贴 PEM 格式的公钥")
        ),
    )
    platform_certificates = colander.SchemaNode(
        colander.String(),
        missing="",
        title=_("微信支付平台证书"),
        description=_("PEM 格式，可以连续粘贴多张；到期前会自动获取新证书"),
        widget=TextAreaWidget(rows=8),
        validator=_readable(keys.load_certificates, _("不是可用的平台证书：请粘贴 PEM 格式的证书")),
    )
    base_url = colander.SchemaNode(
        colander.String(),
        missing=DEFAULT_BASE_URL,
        default=DEFAULT_BASE_URL,
        preparer=_strip,
        title=_("接口地址"),
        description=_("一般不需要修改"),
        validator=_is_base_url,
    )

    def validator(self, node: Any, values: Mapping[str, Any]) -> None:
        """What only several fields together can tell."""
        if bool(values["public_key"]) != bool(values["public_key_id"]):
            error = colander.Invalid(node)
            empty = "public_key_id" if values["public_key"] else "public_key"
            error[empty] = _("微信支付公钥和公钥 ID 必须同时填写")
            raise error
        if not values["public_key"] and not values["platform_certificates"]:
            error = colander.Invalid(node)
            error["public_key"] = _("请填写微信支付公钥，或者平台证书")
            raise error


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """A merchant account, its keys read and ready. Shows nothing of itself in logs."""

    mchid: str
    appid: str
    merchant_serial: str
    merchant_key: RSAPrivateKey
    apiv3_key: bytes
    public_key_id: str
    public_keys: Mapping[str, RSAPublicKey]
    certificates: tuple[x509.Certificate, ...]
    base_url: str

    @classmethod
    def of(cls, ctx: PluginContext) -> Self:
        """The account of a context.

        Raises ``ConfigError`` for settings that cannot work, and outside development for plain
        HTTP and for keys that a simulator made.
        """
        try:
            account = cls._read(ctx.settings)
        except KeyError as error:
            raise ConfigError(f"setting {error.args[0]} is missing") from None
        except keys.KeyUnusable as error:
            raise ConfigError(str(error)) from None
        if ctx.environment != "development":
            account.refuse_simulator()
        return account

    @classmethod
    def _read(cls, values: Mapping[str, Any]) -> Self:
        public_key_id = values.get("public_key_id") or ""
        public_key = values.get("public_key") or ""
        return cls(
            mchid=values["mchid"],
            appid=values["appid"],
            merchant_serial=values["merchant_serial"].upper(),
            merchant_key=keys.load_private_key(values["merchant_private_key"]),
            apiv3_key=_apiv3_bytes(values["apiv3_key"]),
            public_key_id=public_key_id,
            public_keys={public_key_id: keys.load_public_key(public_key)} if public_key else {},
            certificates=tuple(keys.load_certificates(values.get("platform_certificates") or "")),
            base_url=(values.get("base_url") or DEFAULT_BASE_URL).rstrip("/"),
        )

    def refuse_simulator(self) -> None:
        """Raises ``ConfigError`` for what belongs to development only."""
        if not self.base_url.startswith("https://"):
            raise ConfigError("base_url must be https outside development")
        if SIMULATOR_MARK in self.public_key_id:
            raise ConfigError("the keys belong to a simulator: development only")

    def __repr__(self) -> str:
        """The merchant's number only."""
        return f"<Account {self.mchid}>"


def _apiv3_bytes(value: str) -> bytes:
    key = value.encode()
    if len(key) != keys.APIV3_KEY_BYTES:
        raise keys.KeyUnusable("the APIv3 key has not 32 bytes")
    return key
