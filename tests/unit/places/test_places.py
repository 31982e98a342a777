from types import SimpleNamespace
from urllib.parse import unquote

import pytest

from suwen.places.divisions import UnknownDivision, canonical, children, full_name
from suwen.places.services import places, route_links


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("430602", "湖南省岳阳市岳阳楼区"),
        ("430600", "湖南省岳阳市"),
        ("4306", "湖南省岳阳市"),
        ("430000", "湖南省"),
        ("110101", "北京市东城区"),
    ],
)
def test_full_names(code, name):
    assert full_name(code) == name


@pytest.mark.parametrize("code", ["", "999999", "4399", "abc", "43060", "４３０６"])
def test_unknown_codes_are_refused(code):
    with pytest.raises(UnknownDivision):
        canonical(code)


def test_children_lead_from_provinces_to_counties():
    assert ("43", "湖南省") in children()
    assert ("4306", "岳阳市") in children("43")
    assert ("430602", "岳阳楼区") in children("4306")


def test_every_vendor_gets_its_own_order_of_coordinates():
    links = route_links(SimpleNamespace(lon=113.12, lat=29.37, name="岳阳楼 & 店"))
    assert "to=113.12,29.37," in links["amap"]
    assert "location=29.37,113.12" in links["baidu"]
    assert "tocoord=29.37,113.12" in links["tencent"]
    assert all("岳阳楼 & 店" in unquote(link) and " & " not in link for link in links.values())


def test_a_point_without_coordinates_has_no_links():
    assert route_links(SimpleNamespace(lon=None, lat=None, name="x")) == {}


def test_a_region_sees_its_own_points(shop):
    def names(db, code):
        region = shop.house.regions.by_code(db, code)
        return [point.name for point in places(shop.house, db).points(region)]

    assert shop.run(lambda db: names(db, "4306")) == ["岳阳楼采集点"]
    assert len(shop.run(lambda db: names(db, "100000"))) == 2


def test_a_code_that_does_not_exist_has_no_region(shop):
    from suwen.kernel.regions import UnknownRegion
    from suwen.places.divisions import exists

    shop.house.regions.exists = exists
    resolve = shop.house.regions.resolve
    assert shop.run(lambda db: resolve(db, "430600").code) == "4306"
    assert shop.run(lambda db: resolve(db, "100000").code) == "100000"
    with pytest.raises(UnknownRegion):
        shop.run(lambda db: resolve(db, "9999"))
