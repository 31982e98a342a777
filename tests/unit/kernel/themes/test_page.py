from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from pyramid.renderers import render_to_response
from pyramid.request import Request

from suwen.kernel.i18n import _
from suwen.kernel.themes import DIST
from suwen.kernel.themes.navigation import active_href
from suwen.kernel.themes.page import Page
from suwen.kernel.themes.preferences import local_path, surface_of
from suwen.kernel.themes.static import UnknownAsset

STAFF = SimpleNamespace(
    member_id=1, display_name="王", is_staff=True, permissions=frozenset({"orders"})
)


@pytest.fixture
def page(make_request, config):
    def make(path="/", **options):
        return Page(make_request(path, **options), config.registry["suwen.themes"])

    return make


def test_navigation_shows_what_this_person_may_use(config, page):
    config.add_suwen_nav("admin.orders", _("订单"), "admin.orders", permission="orders")
    config.add_suwen_nav("admin.orders", _("退款"), "orders", permission="refunds")
    config.add_suwen_nav("admin.system", _("隐藏"), "home", visible=lambda request: False)
    assert [item.title for item in page(identity=STAFF).nav("admin.orders")] == ["订单"]
    assert page(identity=None).nav("admin.orders") == []
    assert [group.slot for group in page(identity=STAFF).nav_groups()] == ["admin.orders"]


def test_navigation_keeps_order_and_badges(config, page):
    config.add_suwen_nav("storefront.main", "b", "products", order=20, badge=lambda request: 3)
    config.add_suwen_nav("storefront.main", "a", "home", order=10)
    items = page("/products/x").nav("storefront.main")
    assert [(item.title, item.badge, item.active) for item in items] == [
        ("a", None, False),
        ("b", 3, True),
    ]


def test_only_the_most_exact_entry_is_active_across_groups(config, page):
    config.add_suwen_nav("admin.overview", "home", "admin.home")
    config.add_suwen_nav("admin.orders", "orders", "admin.orders")
    groups = page("/admin/orders/7", identity=STAFF).nav_groups()
    assert [(item.title, item.active) for group in groups for item in group.items] == [
        ("home", False),
        ("orders", True),
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/", "/"), ("/me", "/me"), ("/me/orders/1", "/me/orders"), ("/mexico", None)],
)
def test_active_href(path, expected):
    assert active_href(path, ["/", "/me", "/me/orders"]) == expected


def test_globals_survive_an_error_page_only(page):
    broken = page()
    type(broken.request).broken = property(lambda request: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        broken._guarded(lambda: broken.request.broken, "fallback")
    broken.request.exception = RuntimeError("database gone")
    assert broken._guarded(lambda: broken.request.broken, "fallback") == "fallback"


def test_the_same_product_always_has_the_same_picture(page):
    assert page().illustration("lung-risk") == page().illustration("lung-risk")
    assert len({page().illustration(f"p{number}") for number in range(200)}) == 12


def test_here_changes_the_query_and_keeps_the_rest(page):
    shown = page("/products?q=%E8%82%BA&tag=a&tag=b&cursor=9")
    assert shown.here(cursor=None) == "/products?q=%E8%82%BA&tag=a&tag=b"
    assert shown.here(tag="c", cursor="") == "/products?q=%E8%82%BA&tag=c"
    assert page("/x?a=1").here(a=None) == "/x"


def test_unknown_assets_are_named(page):
    with pytest.raises(UnknownAsset, match=r"gone\.js"):
        page().asset("gone.js")
    with pytest.raises(UnknownAsset, match=r"gone\.css"):
        page().tstatic("css/gone.css")


def test_answers_vary_by_what_decides_the_theme(make_request):
    request = make_request()
    response = render_to_response(
        "error/404.jinja2",
        {"status": 404, "title": "没有", "message": "没有", "request_id": "r"},
        request=request,
    )
    assert set(response.vary) == {"Cookie", "User-Agent"}


# --- static files -----------------------------------------------------------------------------


def get(config, path, **headers):
    return Request.blank(path, headers=headers).get_response(config.make_wsgi_app())


def test_built_assets_are_kept_for_ever(config):
    built = json.loads(DIST.joinpath("manifest.json").read_text())["assets"]["suwen.js"]["file"]
    response = get(config, f"/static/dist/{built}")
    assert response.status_int == 200
    assert response.content_type == "text/javascript"
    assert "immutable" in response.headers["Cache-Control"]


def test_a_theme_file_is_immutable_only_with_its_hash(config, page):
    address = page().tstatic("css/tokens.css")
    assert "immutable" in get(config, address).headers["Cache-Control"]
    wrong = get(config, address[:-3] + "000")
    assert wrong.status_int == 200
    assert "immutable" not in wrong.headers["Cache-Control"]


def test_unchanged_files_are_answered_304(config, page):
    address = page().tstatic("css/tokens.css")
    etag = get(config, address).headers["ETag"]
    assert get(config, address, **{"If-None-Match": etag}).status_int == 304


@pytest.mark.parametrize(
    "path",
    [
        "/static/dist/../../kernel/settings.py",
        "/static/dist/%2e%2e/%2e%2e/kernel/settings.py",
        "/static/themes/base/../theme.toml",
        "/static/themes/nobody/css/tokens.css",
        "/static/dist",
        "/static/dist/",
        "/static/themes/base/css%00",
        "/static/",
    ],
)
def test_nothing_outside_the_mounts_is_served(config, path):
    assert get(config, path).status_int == 404


def test_favicon_exists(config):
    response = get(config, "/favicon.ico")
    assert (response.status_int, response.content_type) == (200, "image/x-icon")


def test_plugins_serve_their_own_files(config, page, tmp_path):
    tmp_path.joinpath("logo.svg").write_text("<svg/>")
    config.add_suwen_static("payment_x", tmp_path)
    address = page().pstatic("payment_x", "logo.svg")
    assert address.startswith("/static/plugins/payment_x/logo.svg?v=")
    assert get(config, address).text == "<svg/>"


# --- flash messages ---------------------------------------------------------------------------


def flash_app(config, status=303):
    def write(request):
        request.flash("success", _("已保存"))
        request.response.status_int = status
        return request.response

    def read(request):
        return {"messages": Page(request, request.registry["suwen.themes"]).flashes}

    config.add_route("write", "/write")
    config.add_route("read", "/read")
    config.add_view(write, route_name="write")
    config.add_view(read, route_name="read", renderer="json")
    return config.make_wsgi_app()


def cookie_of(response):
    return response.headers.get("Set-Cookie", "").partition(";")[0]


def test_flash_is_shown_once(config):
    app = flash_app(config)
    cookie = cookie_of(Request.blank("/write").get_response(app))
    assert cookie.startswith("dev-flash=")
    first = Request.blank("/read", headers={"Cookie": cookie}).get_response(app)
    assert first.json["messages"] == [["success", "已保存"]]
    assert "dev-flash=;" in first.headers["Set-Cookie"]


def test_forged_flash_is_ignored(config):
    app = flash_app(config)
    headers = {"Cookie": "dev-flash=W1siZGFuZ2VyIiwieCJdXQ.forged"}
    assert Request.blank("/read", headers=headers).get_response(app).json["messages"] == []


def test_a_failed_request_reports_nothing(config):
    app = flash_app(config, status=500)
    assert cookie_of(Request.blank("/write").get_response(app)) == ""


def test_flash_fits_into_a_cookie(config, make_request):
    request = make_request()
    for number in range(50):
        request.flash("info", f"{number} " + "长" * 1000)
    messages = Page(request, config.registry["suwen.themes"]).flashes
    assert len(messages) == 4
    assert messages[-1][1].startswith("49 ")
    with pytest.raises(ValueError, match="odd"):
        request.flash("odd", "x")


# --- choices of the visitor -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/products?q=1", "/products?q=1"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\nb", "/"),
        ("", "/"),
        (None, "/"),
    ],
)
def test_only_paths_of_this_site_are_followed(target, expected):
    assert local_path(target) == expected


def test_preferences_are_kept_and_unknown_ones_dropped(config):
    app = config.make_wsgi_app()
    body = {"lang": "en", "mode": "neon", "care": "1", "next": "/products"}
    response = Request.blank("/preferences", POST=body).get_response(app)
    cookies = [value.partition(";")[0] for value in response.headers.getall("Set-Cookie")]
    assert cookies == ["lang=en", "care=1"]
    assert response.location.endswith("/products")


@pytest.mark.parametrize(
    ("path", "agent", "cookie", "expected"),
    [
        ("/", "Mozilla/5.0 (X11; Linux)", "", "pc"),
        ("/", "Mozilla/5.0 (iPhone) Mobile/15E148 MicroMessenger/8.0", "", "mobile"),
        ("/", "Mozilla/5.0 (iPhone) Mobile", "surface=pc", "pc"),
        ("/admin/orders", "Mobile", "", "admin"),
        ("/administrators", "Desktop", "surface=watch", "pc"),
    ],
)
def test_surface(path, agent, cookie, expected):
    request = Request.blank(path, headers={"User-Agent": agent, "Cookie": cookie})
    assert surface_of(request) == expected
