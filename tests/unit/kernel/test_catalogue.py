"""Everything a user reads is there in English, and the committed catalogues are the sources'."""

import ast
import re
from types import SimpleNamespace

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from pyramid import testing
from pyramid.i18n import make_localizer
from pyramid.interfaces import ITranslationDirectories
from tools import catalogue

from suwen.kernel.i18n import _, translate
from suwen.kernel.plugins.host import PluginHost
from suwen.kernel.plugins.mount import mount

CORE = catalogue.ROOT / "core/suwen"
# Chinese that is no sentence of a page: names, data, wording that carries both languages.
UNMARKED = {
    "accounts/personal.py": "what is stored in place of a name",
    "accounts/passwords.py": "words that passwords are not made of",
    "api/openapi.py": "name of the program",
    "forms/names.py": "words that no public name may be",
    "groups/people.py": "headings and words of sheets",
    "kernel/plugins/registry.py": "inscription of a tombstone, also shown where nobody translates",
    "kernel/themes/page.py": "name of the site",
    "messaging/texts.py": "both languages stand side by side",
    "payments/payable.py": "what providers are told is always the same",
    "places/divisions.py": "names in the list of divisions",
    "privacy/readme.py": "both languages stand in one file",
    "privacy/requests.py": "the word that is typed to confirm, compared and not shown",
}
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


def unmarked(source):
    """Chinese strings of a module that are neither marked with ``_`` nor documentation."""
    tree = ast.parse(source)
    marked = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_"
        for part in ast.walk(node)
    }
    marked |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if HAN.search(node.value) and id(node) not in marked
    ]


def read(path):
    with path.open("rb") as file:
        loaded = read_mo(file) if path.suffix == ".mo" else read_po(file)
    return {m.id: m.string for m in loaded if m.id and m.string}


def test_the_sources_are_looked_at(messages):
    assert "请先登录" in messages[catalogue.CORE]
    assert len(messages) > 5
    assert all(found for found in messages.values())


def test_every_sentence_of_the_core_is_marked():
    found = {}
    for path in sorted(CORE.rglob("*.py")):
        name = path.relative_to(CORE).as_posix()
        if name not in UNMARKED and not name.startswith(("demo/", "testing/")):
            found[name] = unmarked(path.read_text(encoding="utf-8"))
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_what_is_left_unmarked_still_needs_to_be():
    read_text = {name: (CORE / name).read_text(encoding="utf-8") for name in UNMARKED}
    assert [name for name, source in read_text.items() if not unmarked(source)] == []


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
        mount(config, PluginHost(strict=True), SimpleNamespace(id="mine", module=module))
        config.commit()
        folders = config.registry.queryUtility(ITranslationDirectories)
    localizer = make_localizer("en", folders)
    assert localizer.translate("插件自己的话", domain="suwen") == "the plugin's words"


def test_a_title_inside_a_sentence_is_translated_too():
    localizer = make_localizer("en", [str(CORE / "locale")])
    request = SimpleNamespace(localizer=localizer)
    sentence = _("结算时可选择“${title}”付款", mapping={"title": _("订单")})
    assert translate(request, sentence) == "“Orders” can be chosen at checkout"


def test_the_checks_can_fail():
    assert unmarked('"""文档"""\nx = "没有标记"\ny = _("有标记")') == ["没有标记"]
    assert untranslated({"新的话", "旧的话"}, {"旧的话": "old", "新的话": ""}) == ["新的话"]
    assert odd_placeholders({"还剩 ${n} 份": "${m} left", "共 ${n} 份": "${n} in all"}) == [
        "还剩 ${n} 份"
    ]
