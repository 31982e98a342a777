import re

import pytest

from suwen.messaging.texts import KINDS, render

PAYLOAD = {
    "number": "SW1",
    "code": "123456",
    "minutes": "5",
    "day": "2026-11-24",
    "days": "7",
    "moment": "2026-11-24",
}
# 检测 and 报告 would tell what the house is about; product and test names never get here.
FORBIDDEN = re.compile("基因|检测|报告|阳性|结果|gene|test|result|diagnos", re.IGNORECASE)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("locale", ["zh_CN", "en"])
def test_every_text_is_neutral_and_complete(kind, locale):
    found = render(kind, locale, PAYLOAD, "https://suwen.example/")
    assert found.text
    assert found.subject
    assert not FORBIDDEN.search(found.text + found.subject)
    assert "${" not in found.text + found.link
    assert "example//" not in found.link


def test_a_code_stands_in_the_code_message_only():
    with_code = [kind for kind in KINDS if "123456" in render(kind, "zh_CN", PAYLOAD, "").text]
    assert with_code == ["verification_code"]


def test_payload_is_never_a_template():
    found = render("order_paid", "zh_CN", {"number": "${code}"}, "https://suwen.example")
    assert "${code}" in found.text
