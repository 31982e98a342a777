import pytest

from suwen.accounts.contacts import Contact, mask, mask_name, parse
from suwen.accounts.errors import BadAddress
from suwen.accounts.network import network_of


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("13812345678", "+8613812345678"),
        ("+86 138 1234 5678", "+8613812345678"),
        ("１３８１２３４５６７８", "+8613812345678"),
        (" Wang.Fang@Example.CN ", "wang.fang@example.cn"),
        ("+12025550123", "+12025550123"),
        ("wang+suwen@bücher.example.com", "wang+suwen@xn--bcher-kva.example.com"),
    ],
)
def test_one_person_has_one_spelling(typed, value):
    assert parse(typed).value == value


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "1381234567",
        "010-12345678",
        "138\x0012345678",
        "138\u200b12345678",
        "x" * 300,
        "a@b",
        "a..b@example.cn",
        ".a@example.cn",
        "a@-example.cn",
        "a@example.cn\u200b",
        "a@exa\u202emple.cn",
        "p\u0430ypal@example.com",
        "a@example.invalid",
        "a@localhost",
        "a@[127.0.0.1]",
        '"a b"@example.cn',
        "a b@example.cn",
        f"{'a' * 65}@example.cn",
        f"a@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.example.cn",
        "a@example.cn,b@example.cn",
        "a@example.cn\r\nBcc: b@example.cn",
    ],
)
def test_what_cannot_receive_a_code_is_refused_beside_the_field(typed):
    with pytest.raises(BadAddress) as error:
        parse(typed)
    assert set(error.value.fields) == {"address"}


def test_masks_show_enough_for_the_owner_only():
    assert Contact("phone", "+8613812345678").masked == "138****5678"
    assert mask("email", "wangfang@example.cn") == "w***@example.cn"
    assert mask_name("王小明") == "王**"
    assert mask_name("王") == "王*"


def test_an_ipv6_home_counts_as_one_place():
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2::9")
    assert network_of("2001:db8:1:2::9") != network_of("2001:db8:1:3::9")
    assert network_of("::ffff:192.0.2.1") == "192.0.2.1"
    assert network_of("rubbish") == "unknown"
