import pytest
from sqlalchemy import event

from suwen.catalog.models import Category, Product, ProductCategory, ProductTag, Sku
from suwen.catalog.services import Filters, catalog
from suwen.kernel import ids
from suwen.kernel.errors import NotFound


def listed(shop, region="4306", **filters):
    page = shop.run(lambda db: catalog(shop.house, db).list_products(region, Filters(**filters)))
    return [row["slug"] for row in page.items]


def add(shop, number, **values):
    def act(db):
        product = Product(
            id=ids.new_id(),
            slug=f"p{number}",
            name=values.get("name", f"产品 {number}"),
            test_type="nutrition",
            rank=number + 10,
        )
        service = catalog(shop.house, db)
        service.save(product, "<p>x</p>")
        db.add(Sku(product_id=product.id, name="标准", price_fen=100 * number))
        if values.get("publish", True):
            service.publish(product)
        return product

    return shop.run(act)


def test_drafts_are_not_listed_and_publishing_counts_at_once(shop):
    product = add(shop, 1, publish=False)
    assert listed(shop) == ["nutrition"]
    with pytest.raises(NotFound):
        shop.run(lambda db: catalog(shop.house, db).get_product("4306", "p1"))
    shop.run(lambda db: catalog(shop.house, db).publish(db.get(Product, product.id)))
    assert listed(shop) == ["p1", "nutrition"]
    shop.run(lambda db: catalog(shop.house, db).archive(db.get(Product, product.id)))
    assert listed(shop) == ["nutrition"]


def test_filters_narrow(shop):
    product = add(shop, 1, name="肝癌易感基因检测")

    def tag(db):
        row = Category(id=ids.new_id(), facet="purpose", slug="early", name="早筛")
        db.add(row)
        db.flush()
        db.add(ProductCategory(product_id=product.id, category_id=row.id))
        db.add(ProductTag(product_id=product.id, tag="热卖"))

    shop.run(tag)
    assert (
        listed(shop, category="early")
        == listed(shop, tag="热卖")
        == listed(shop, q="易感")
        == ["p1"]
    )
    assert listed(shop, q="%") == listed(shop, q="_") == listed(shop, category="none") == []


def test_pages_join_without_gap_or_repeat(shop):
    for number in range(1, 8):
        add(shop, number)
    seen, cursor = [], None
    while True:
        page = shop.run(
            lambda db, cursor=cursor: catalog(shop.house, db).list_products(
                "4306", Filters(), cursor, 3
            )
        )
        seen += [row["slug"] for row in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"p{n}" for n in range(7, 0, -1)] + ["nutrition"]


def test_a_region_that_has_the_test_off_lists_nothing_but_shows_the_page(shop):
    shop.run(lambda db: shop.house.switch.set_state(db, "4306", "archive_gene_report", "disabled"))
    assert listed(shop) == []
    assert listed(shop, "100000") == ["nutrition"]
    row = shop.run(lambda db: catalog(shop.house, db).get_product("4306", "nutrition"))
    assert row["offered"] is False


def test_descriptions_are_cleaned(shop):
    row = shop.run(lambda db: catalog(shop.house, db).get_product("4306", "nutrition"))
    assert "script" not in row["description_html"]
    assert "营养素" in row["description_html"]


def statements(shop, what):
    counted = []

    def count(*arguments):
        if not arguments[2].startswith(("BEGIN", "PRAGMA")):
            counted.append(arguments[2])

    event.listen(shop.house.database.engine, "before_cursor_execute", count)
    try:
        with shop.house.database.snapshot() as db:
            what(catalog(shop.house, db))
    finally:
        event.remove(shop.house.database.engine, "before_cursor_execute", count)
    return counted


def test_a_warm_list_costs_one_statement_however_many_rows(shop):
    def look(service):
        service.list_products("4306", Filters())

    for number in range(1, 6):
        add(shop, number)
    statements(shop, look)
    assert len(statements(shop, look)) == 1


def test_a_warm_product_costs_two_statements(shop):
    def look(service):
        service.get_product("4306", "nutrition")

    statements(shop, look)
    assert len(statements(shop, look)) == 2
