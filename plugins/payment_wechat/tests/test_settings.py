"""The form: each fault stands beside its field and is named in Chinese."""

import re

import colander
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from suwen.hookspecs.payment import AttemptRef, ConfigError, InvalidRequest
from suwen.kernel.plugins.switch import secrets_of
from suwen_dev_simulator.keyfiles import private_pem, public_pem
from suwen_payment_wechat.gateway import WeChatPayGateway
from suwen_payment_wechat.settings import Account, SettingsSchema


def faults(values):
    with pytest.raises(colander.Invalid) as caught:
        SettingsSchema().deserialize(values)
    return caught.value.asdict()


def test_secrets_are_exactly_these():
    assert secrets_of(SettingsSchema()) == {"merchant_private_key", "apiv3_key"}


def test_every_field_explains_itself_in_chinese():
    for node in SettingsSchema().children:
        assert re.search("[\u4e00-\u9fff]", node.title) or node.title == "AppID"
        assert re.search("[\u4e00-\u9fff]", node.description)


def test_an_empty_form_names_the_required_fields():
    assert faults({}).keys() == {
        "mchid",
        "appid",
        "merchant_serial",
        "merchant_private_key",
        "apiv3_key",
    }


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("mchid", "16000000o1", "商户号"),
        ("mchid", "1600000001\n2", "商户号"),
        ("appid", "1600000001", "wx"),
        ("merchant_serial", "序列号", "十六进制"),
        ("merchant_private_key", "MIIEvQIBADANBg", "PEM"),
        ("apiv3_key", "short", "32"),
        ("apiv3_key", "密" * 32, "32"),
        ("public_key_id", "0123456789", "PUB_KEY_ID_"),
        ("public_key", "-----BEGIN PUBLIC KEY-----", "PEM"),
        ("platform_certificates", "1234", "PEM"),
        ("base_url", "http://api.mch.weixin.qq.com", "https://"),
        ("base_url", "https://api.mch.weixin.qq.com/v3", "域名"),
        ("base_url", "https://api.mch.weixin.qq.com:port", "域名"),
        ("base_url", "https://user@api.mch.weixin.qq.com", "域名"),
        ("base_url", "weixin", "域名"),
    ],
)
def test_a_fault_stands_beside_its_field(wechat, name, value, text):
    found = faults({**wechat.settings, name: value})

    assert found.keys() == {name}
    assert text in found[name]
    assert value not in found[name] or len(value) < 15


def test_blanks_around_what_was_pasted_do_not_matter(wechat):
    padded = {
        name: f"  {value}\n" if isinstance(value, str) else value
        for name, value in wechat.settings.items()
    }

    account = Account.of(wechat.context(settings=SettingsSchema().deserialize(padded)))

    assert (account.mchid, account.base_url) == (wechat.settings["mchid"], "http://127.0.0.1:8089")


def test_public_key_and_its_id_belong_together(wechat):
    assert faults({**wechat.settings, "public_key": ""}).keys() == {"public_key"}
    assert faults({**wechat.settings, "public_key_id": ""}).keys() == {"public_key_id"}


def test_there_must_be_something_to_verify_with(wechat):
    names = {"public_key", "public_key_id", "platform_certificates"}
    found = faults({name: value for name, value in wechat.settings.items() if name not in names})

    assert found.keys() == {"public_key"}


def test_an_account_shows_its_number_only(wechat):
    assert repr(Account.of(wechat.context())) == "<Account 1600000001>"


def production(wechat, **changes):
    return wechat.context(settings={**wechat.settings, **changes}, environment="production")


@pytest.mark.parametrize("environment", ["production", "Development", "", "test"])
def test_simulator_keys_work_in_development_only(wechat, environment):
    ctx = wechat.context(
        settings={**wechat.settings, "base_url": "https://api.mch.weixin.qq.com"},
        environment=environment,
    )

    with pytest.raises(ConfigError, match="simulator"):
        Account.of(ctx)


def test_plain_http_works_in_development_only(wechat):
    genuine = {"public_key_id": "PUB_KEY_ID_0116000000012026112200000000000001"}

    with pytest.raises(ConfigError, match="https"):
        Account.of(production(wechat, **genuine))
    assert Account.of(production(wechat, **genuine, base_url="https://api2.mch.weixin.qq.com"))


def test_a_missing_setting_is_a_named_error(wechat):
    ctx = wechat.context(settings={"mchid": "1600000001"})

    with pytest.raises(ConfigError):
        WeChatPayGateway().query(ctx, AttemptRef("SW20261122000001", 1, wechat.now()))


class TestCheck:
    def problems(self, ctx):
        return [(item.level, item.field) for item in WeChatPayGateway().check(ctx)]

    def test_simulator_keys_are_mentioned(self, wechat):
        assert self.problems(wechat.context()) == [("warning", "public_key_id")]

    def test_simulator_keys_in_production_are_an_error(self, wechat):
        assert self.problems(production(wechat)) == [("error", "base_url")]

    def test_another_address_is_mentioned(self, wechat):
        changes = {"public_key_id": "PUB_KEY_ID_1", "base_url": "https://proxy.example"}

        assert self.problems(production(wechat, **changes)) == [("warning", "base_url")]

    def test_the_merchants_own_public_key_is_found(self, wechat):
        own = public_pem(wechat.identity.merchant_key).decode()
        ctx = wechat.context(settings={**wechat.settings, "public_key": own})

        assert ("error", "public_key") in self.problems(ctx)

    def test_a_damaged_private_key_is_found(self, wechat):
        """It has the form of a key, and signs nonsense."""
        numbers = wechat.identity.merchant_key.private_numbers()
        public = rsa.RSAPublicNumbers(65539, numbers.public_numbers.n)
        wrong = rsa.RSAPrivateNumbers(
            *(getattr(numbers, name) for name in ("p", "q", "d", "dmp1", "dmq1", "iqmp")), public
        ).private_key(unsafe_skip_rsa_key_validation=True)
        pem = private_pem(wrong).decode()
        ctx = wechat.context(settings={**wechat.settings, "merchant_private_key": pem})

        assert self.problems(ctx) == [("error", "merchant_private_key")]

    def test_the_merchants_own_certificate_is_found(self, wechat, wechat_data):
        own = (wechat_data / "keys/wechat-merchant.crt").read_text()
        ctx = wechat.context(settings={**wechat.settings, "platform_certificates": own})

        assert ("error", "platform_certificates") in self.problems(ctx)

    @pytest.mark.parametrize(
        ("days", "with_key", "found"),
        [
            (1700, False, []),
            (1800, False, [("warning", "platform_certificates")]),
            (1830, False, [("warning", "platform_certificates")]),
            (1800, True, []),
            (1830, True, [("warning", "platform_certificates")]),
        ],
    )
    def test_certificates_that_end_soon(self, wechat, days, with_key, found):
        settings = {**wechat.settings, "base_url": "https://api.mch.weixin.qq.com"}
        settings["public_key_id"] = "PUB_KEY_ID_1"
        if not with_key:
            settings |= {"public_key": "", "public_key_id": ""}
        wechat.advance(days * 86_400)

        assert self.problems(wechat.context(settings=settings)) == found


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/notify",
        "https://shop.example/notify?x=1",
        "https://shop.example/notify#x",
        "https://shop.example/" + "x" * 240,
        "https://[::1/notify",
        "ftp://127.0.0.1/notify",
        "https:///notify",
        "shop",
        "",
    ],
)
def test_an_address_for_notifications_that_the_provider_refuses(wechat, url):
    from suwen_payment_wechat import orders

    with pytest.raises(InvalidRequest):
        orders.check_notify_url(url)
