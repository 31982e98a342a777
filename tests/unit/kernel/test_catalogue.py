"""Everything a user reads is there in English, and the committed catalogues are the sources'."""

import re
from types import SimpleNamespace

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from pyramid import testing
from pyramid.i18n import make_localizer
from pyramid.interfaces import ITranslationDirectories
from tools import catalogue

from suwen.kernel.plugins.mount import mount

PLACEHOLDER = re.compile(r"\$?\{\w+\}")
HAN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def messages():
    return catalogue.extracted()


def untranslated(messages, known):
    return sorted(message for message in messages if not known.get(message))


def odd_placeholders(known):
    return sorted(
        message
        for message, text in known.items()
        if set(PLACEHOLDER.findall(message)) != set(PLACEHOLDER.findall(text))
    )


def read(path):
    with path.open("rb") as file:
        loaded = read_mo(file) if path.suffix == ".mo" else read_po(file)
    return {m.id: m.string for m in loaded if m.id and m.string}


def test_the_sources_are_looked_at(messages):
    assert "请先登录" in messages[catalogue.CORE]
    assert len(messages) > 5
    assert all(found for found in messages.values())


def test_every_message_has_its_english(messages):
    """``python tools/catalogue.py`` names what is missing and where to write it."""
    found = {
        package.name: untranslated(wanted, catalogue.translations(package))
        for package, wanted in messages.items()
    }
    assert {name: missing for name, missing in found.items() if missing} == {}


def test_nothing_is_translated_that_nobody_says(messages):
    found = {
        package.name: sorted(catalogue.translations(package).keys() - wanted)
        for package, wanted in messages.items()
    }
    assert {name: stale for name, stale in found.items() if stale} == {}


def test_placeholders_agree(messages):
    found = [odd_placeholders(catalogue.translations(package)) for package in messages]
    assert [odd for odd in found if odd] == []


def test_english_is_english(messages):
    found = {
        text
        for package in messages
        for text in catalogue.translations(package).values()
        if HAN.search(text)
    }
    assert found == set()


def test_compiled_files_say_the_same(messages):
    for package in messages:
        path = catalogue.po_file(package)
        assert read(path.with_suffix(".mo")) == read(path) != {}


def test_the_template_holds_what_the_core_says(messages):
    path = catalogue.CORE / "locale/suwen.pot"
    with path.open("rb") as file:
        assert {m.id for m in read_po(file) if m.id} == messages[catalogue.CORE]


def test_a_plugin_brings_its_own_catalogue(tmp_path):
    folder = tmp_path / "locale/en/LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "suwen.mo").write_bytes(catalogue.compiled({"插件自己的话": "the plugin's words"}))
    module = SimpleNamespace(__file__=str(tmp_path / "plugin.py"))
    with testing.testConfig() as config:
        mount(config, SimpleNamespace(module=module))
        config.commit()
        folders = config.registry.queryUtility(ITranslationDirectories)
    localizer = make_localizer("en", folders)
    assert localizer.translate("插件自己的话", domain="suwen") == "the plugin's words"


def test_the_checks_can_fail():
    assert untranslated({"新的话", "旧的话"}, {"旧的话": "old", "新的话": ""}) == ["新的话"]
    assert odd_placeholders({"还剩 ${n} 份": "${m} left", "共 ${n} 份": "${n} in all"}) == [
        "还剩 ${n} 份"
    ]
