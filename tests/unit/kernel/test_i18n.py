from __future__ import annotations

import re
from pathlib import Path

import colander
import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from pyramid.config import Configurator
from pyramid.request import Request, apply_request_extensions

import suwen
from suwen.kernel.i18n import _, html_lang, localizer_for, negotiate, translate

LOCALE = Path(suwen.__file__).parent / "locale"
CATALOGUES = sorted(LOCALE.glob("*/LC_MESSAGES/*.po"))


@pytest.mark.parametrize(
    ("cookie", "accept", "expected"),
    [
        ("", "", "zh_CN"),
        ("", "en-US,en;q=0.9", "en"),
        ("", "zh-TW,zh;q=0.9,en;q=0.8", "zh_CN"),
        ("", "zh-Hans-CN", "zh_CN"),
        ("", "fr,de;q=0.5", "zh_CN"),
        ("", "fr,en;q=0.5,zh;q=0.4", "en"),
        ("", ";;;garbage,,,", "zh_CN"),
        ("lang=en", "zh-CN", "en"),
        ("lang=klingon", "en", "en"),
    ],
)
def test_language(cookie, accept, expected):
    headers = {"Cookie": cookie} if cookie else {}
    if accept:
        headers["Accept-Language"] = accept
    assert negotiate(Request.blank("/", headers=headers)) == expected


def test_html_lang():
    assert html_lang("zh_CN") == "zh-CN"
    assert html_lang("en") == "en"


@pytest.fixture
def registry():
    config = Configurator(settings={})
    config.include("suwen.kernel.i18n")
    config.commit()
    return config.registry


@pytest.fixture
def request_(registry):
    request = Request.blank("/")
    request.registry = registry
    apply_request_extensions(request)
    return request


def test_mapping_is_filled_in(request_):
    assert translate(request_, "还剩 ${left} 件", {"left": 3}) == "还剩 3 件"
    assert translate(request_, _("还剩 ${left} 件", mapping={"left": 4})) == "还剩 4 件"
    assert translate(request_, _("还剩 ${left} 件"), {"left": 5}) == "还剩 5 件"


def test_colander_speaks_our_words(registry):
    node = colander.SchemaNode(colander.String(), name="name", title="姓名")
    with pytest.raises(colander.Invalid) as caught:
        node.deserialize(colander.null)
    text = localizer_for(registry, "zh_CN").translate(caught.value.messages()[0])
    assert text == "请填写姓名"


def test_localizers_are_made_once(registry):
    assert localizer_for(registry, "en") is localizer_for(registry, "en")


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: str(path.relative_to(LOCALE)))
def test_compiled_catalogue_is_that_of_its_source(path):
    with path.open("rb") as source, path.with_suffix(".mo").open("rb") as compiled:
        written = {m.id: m.string for m in read_po(source) if m.id and m.string and not m.fuzzy}
        shipped = {m.id: m.string for m in read_mo(compiled) if m.id}
    assert shipped == written


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: str(path.relative_to(LOCALE)))
def test_translations_keep_the_placeholders(path):
    with path.open("rb") as source:
        catalog = read_po(source)
    for message in catalog:
        if message.id and message.string:
            named = set(re.findall(r"\$\{\w+\}", message.string))
            allowed = set(re.findall(r"\$\{\w+\}", message.id)) | {"${title}"}
            assert named <= allowed, message.id
