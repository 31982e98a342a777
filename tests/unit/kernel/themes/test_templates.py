"""Every shipped template compiles, every page of the base renders, and none breaks the house rules."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest
from pyramid.renderers import render

from suwen.kernel.themes import DIST, THEMES, build_themes

TEMPLATES = sorted(THEMES.glob("*/templates/**/*.jinja2"))
FORMS = sorted(THEMES.glob("*/deform/**/*.pt"))
STYLES = sorted(THEMES.glob("*/static/css/*.css"))
ICONS = re.compile(r'<symbol id="([^"]+)"')

PRODUCT = {
    "slug": "lung-risk",
    "name": "肺部健康基因检测",
    "summary": "了解 12 个位点",
    "price_fen": 129900,
    "struck_price_fen": 159900,
    "tags": ["热门"],
    "specimen_title": "唾液",
    "lead_days": 10,
    "image_url": None,
}
SKUS = [
    {"id": 1, "name": "单人", "price_fen": 129900, "struck_price_fen": 159900, "left": None},
    {"id": 2, "name": "双人", "price_fen": 239900, "struck_price_fen": None, "left": 3},
    {"id": 3, "name": "家庭", "price_fen": 459900, "struck_price_fen": None, "left": 0},
]
DETAIL = PRODUCT | {
    "description_html": "<p>介绍</p>",
    "faq": [{"q": "要空腹吗？", "a": "不用"}],
    "skus": SKUS,
    "collection_methods": [{"code": "mail", "title": "寄到家"}],
    "test_type_title": "遗传易感",
    "offered": True,
    "reason": None,
}
CATEGORIES = {
    "series": [{"slug": "cancer", "name": "肿瘤", "active": True}],
    "audience": [{"slug": "women", "name": "女性", "active": False}],
}
ERROR = {"status": 404, "title": "没有找到", "message": "请检查地址", "request_id": "01J9Z"}
STAFF = SimpleNamespace(member_id=1, display_name="王", is_staff=True, permissions=frozenset())


@pytest.fixture
def page(make_request):
    def make(name, values, path="/", **options):
        return render(name, values, request=make_request(path, **options))

    return make


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("identity", [None, STAFF])
def test_home_renders(page, language, identity):
    html = page(
        "catalog/home.jinja2",
        {"products": [PRODUCT], "categories": CATEGORIES},
        identity=identity,
        headers={"Cookie": f"lang={language}"},
    )
    assert f'<html lang="{language.replace("_", "-")}"' in html
    assert "¥1,299.00" in html
    assert 'href="/products/lung-risk"' in html


def test_home_without_products_says_what_to_do(page):
    assert "换个地区看看" in page("catalog/home.jinja2", {"products": [], "categories": {}})


def test_filters_stay_in_the_address(page):
    html = page(
        "catalog/product_list.jinja2",
        {"products": [PRODUCT], "categories": CATEGORIES, "next_url": "/products?cursor=9"},
        path="/products?q=%E8%82%BA&tag=hot&cursor=5&category=cancer",
    )
    links = re.findall(r'class="chip" href="([^"]+)"', html)
    assert links == [
        "/products?q=%E8%82%BA&amp;tag=hot",
        "/products?q=%E8%82%BA&amp;tag=hot&amp;category=women",
    ]
    assert 'href="/products?cursor=9" rel="next"' in html


def test_empty_list_offers_a_way_out(page):
    html = page("catalog/product_list.jinja2", {"products": [], "categories": {}}, "/products?q=x")
    assert "没有找到符合条件的检测项目" in html
    assert "看全部项目" in html


def test_product_sends_sku_and_quantity_to_the_checkout(page):
    html = page("catalog/product.jinja2", {"product": DETAIL}, "/products/lung-risk")
    assert re.search(r'<form id="buy" action="/checkout" method="get"', html)
    assert len(re.findall(r'type="radio" name="sku"', html)) == 3
    assert re.search(r'value="1" required checked', html)
    assert re.search(r'value="3" required disabled', html)
    assert "还剩 3 份" in html
    assert "<p>介绍</p>" in html


def test_product_that_is_not_offered_cannot_be_bought(page):
    product = DETAIL | {"offered": False, "reason": "本地区暂未开通"}
    html = page("catalog/product.jinja2", {"product": product}, "/products/lung-risk")
    assert "本地区暂未开通" in html
    assert "立即购买" not in html


def test_sold_out_product_cannot_be_bought(page):
    html = page("catalog/product.jinja2", {"product": DETAIL | {"skus": [SKUS[2]]}})
    assert "所有规格都已售完" in html
    assert "立即购买" not in html


@pytest.mark.parametrize("status", [400, 403, 404, 405, 500, 503])
def test_error_pages_tell_what_happened_and_the_number(page, status):
    html = page(f"error/{status}.jinja2", ERROR | {"status": status})
    assert "请检查地址" in html
    assert "01J9Z" in html


def test_error_page_lists_what_has_no_form_to_stand_in(page):
    values = ERROR | {
        "status": 422,
        "fields": {"a": "数量太多", "b": "数量太多", "c": "请选择规格"},
    }
    html = page("error/base.jinja2", values)
    assert html.count("数量太多") == 1
    assert "请选择规格" in html


def test_error_page_renders_when_everything_else_is_gone(make_request, config):
    def gone(request):
        raise RuntimeError("database gone")

    for name in ("region", "regions"):
        config.add_request_method(gone, name, reify=True)
    config.commit()
    request = make_request("/me/orders", identity=STAFF)
    request.exception = RuntimeError("database gone")
    assert "请检查地址" in render("error/500.jinja2", ERROR, request=request)


def test_every_form_of_the_frame_carries_a_token(page):
    html = page("catalog/home.jinja2", {"products": [], "categories": {}}, identity=STAFF)
    forms = re.findall(r'<form[^>]*method="post".*?</form>', html, re.DOTALL)
    assert len(forms) >= 3
    assert all('name="csrf_token"' in form for form in forms)


# --- rules of the house -----------------------------------------------------------------------


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(THEMES)))
def test_template_compiles_and_holds_nothing_inline(path):
    text = path.read_text(encoding="utf-8")
    environment = build_themes({}).environment("pc")
    environment.compile(text, str(path))
    assert not re.search(r"\sstyle\s*=", text), "a style attribute dies under the policy"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text), "no inline handler"
    assert not re.search(r"<script(?![^>]*\bsrc=)", text), "no inline script"
    assert "<style" not in text
    assert not re.search(r"https?://(?!www\.w3\.org)", text), "no address outside the house"
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b(?=[\"';])", text), "colours live in tokens.css"


@pytest.mark.parametrize("path", FORMS, ids=lambda path: str(path.relative_to(THEMES)))
def test_form_template_holds_nothing_inline(path):
    text = path.read_text(encoding="utf-8")
    assert "<script" not in text
    assert not re.search(r"\sstyle\s*=|\bstyle style\b", text)


@pytest.mark.parametrize("path", STYLES, ids=lambda path: str(path.relative_to(THEMES)))
def test_colours_live_in_the_tokens_alone(path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    if path.name != "tokens.css":
        assert not re.findall(r"#[0-9a-fA-F]{3,8}\b", text)
    assert not re.search(r"url\(\s*[\"']?https?:", text)
    for used in re.findall(r"url\([\"']?([^)\"']+)", text):
        assert path.parent.joinpath(used).is_file(), used


def test_dark_values_are_the_same_for_choice_and_system():
    text = THEMES.joinpath("base/static/css/tokens.css").read_text(encoding="utf-8")
    blocks = re.findall(r'\[data-bs-theme="(?:dark|auto)"\] \{(.*?)\}', text, re.DOTALL)
    chosen, system = (re.findall(r"(--[\w-]+|color-scheme):\s*([^;]+);", block) for block in blocks)
    assert chosen == system
    assert len(chosen) > 30


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * p for weight, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark"])
def test_text_has_enough_contrast(mode):
    text = THEMES.joinpath("base/static/css/tokens.css").read_text(encoding="utf-8")
    block = text.partition('[data-bs-theme="dark"]')[0 if mode == "light" else 2]
    token = dict(re.findall(r"--c-([\w-]+):\s*(#[0-9a-f]{6});", block.partition("}")[0]))
    pairs = [(ink, ground) for ink in ("ink", "ink-2") for ground in ("page", "surface", "sunken")]
    pairs += [
        (tone, ground)
        for tone in ("ok", "warn", "bad", "info", "brand", "accent")
        for ground in ("surface", f"{tone}-soft")
    ]
    pairs += [
        ("on-brand", "brand"),
        ("on-accent", "accent"),
        ("price", "surface"),
        ("price", "sunken"),
    ]
    pairs += [
        ("brand", "page"),
        ("on-brand", "brand-strong"),
        ("on-deep-2", "deep"),
        ("on-deep-2", "deep-2"),
    ]
    weak = {pair: round(contrast(token[pair[0]], token[pair[1]]), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}
    for ground in ("surface", "page"):
        assert contrast(token["control"], token[ground]) >= 3, "borders of controls"


def test_every_icon_that_templates_name_is_in_the_sprite():
    manifest = json.loads(DIST.joinpath("manifest.json").read_text())
    sprite = set(ICONS.findall(DIST.joinpath(manifest["assets"]["icons.svg"]["file"]).read_text()))
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        named = re.findall(r"\bicon\(\"([a-z0-9-]+)\"", text)
        assert set(named) <= sprite, path
    for path in FORMS:
        assert set(re.findall(r"ui\.icon\('([a-z0-9-]+)'", path.read_text())) <= sprite, path


def test_built_files_are_those_of_the_manifest():
    manifest = json.loads(DIST.joinpath("manifest.json").read_text())
    for entry in manifest["assets"].values():
        assert sha256(DIST.joinpath(entry["file"]).read_bytes()).hexdigest() == entry["sha256"]
    listed = {entry["file"] for entry in manifest["assets"].values()}
    present = {path.name for path in Path(DIST).iterdir()}
    assert present == listed | {"manifest.json", "THIRD_PARTY_NOTICES"}
