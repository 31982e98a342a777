"""Generated categories and products. They stand behind those of the demonstration."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, select

from suwen.catalog.models import FACETS, Category, Product, ProductCategory, ProductTag, Sku
from suwen.demo.shelves import description
from suwen.demo.volume.chance import batches, chance
from suwen.kernel import clock, ids
from suwen.kernel.cache import bump

if TYPE_CHECKING:
    from random import Random

    from sqlalchemy.orm import Session

    from suwen.kernel.house import House

_SERIES: Final = ("安康", "知源", "明序", "和光", "行健", "青禾", "远山", "朝露")
_TAGS: Final = ("居家采样", "到点采样", "含咨询", "新品", "入门", "家庭")
_SKUS: Final = ("标准版", "双人版", "全面版")
_BEHIND: Final = 10_000_000
"""Room for the products of one seed below the ranks that are made of ids."""


class Goods:
    """Makes what is missing of a seed."""

    def __init__(self, house: House, seed: int, progress: Callable[[int], object]) -> None:
        """Test types come from the installed plugins."""
        self._house, self._seed, self._progress = house, seed, progress
        self._tests = [(item.code, str(item.title)) for item in house.host.test_types]

    def make_categories(self, wanted: int) -> int:
        """Have ``wanted`` categories; how many were made."""
        with self._house.database.transaction() as db:
            standing = _count(db, Category.slug, self._slug("kind"))
            rows = [
                {
                    "id": ids.new_id(),
                    "facet": FACETS[number % len(FACETS)],
                    "slug": f"{self._slug('kind')}{number:06d}",
                    "name": f"演示分类 {number + 1}",
                    "position": 1000 + number,
                }
                for number in range(standing, wanted)
            ]
            if rows:
                db.execute(insert(Category), rows)
                bump(db, "catalog")
        self._progress(wanted)
        return len(rows)

    def _slug(self, kind: str) -> str:
        return f"generated-{kind}-{self._seed}-"

    def make_products(self, wanted: int) -> int:
        """Have ``wanted`` products; how many were made."""
        with self._house.database.snapshot() as db:
            standing = _count(db, Product.slug, self._slug("test"))
            categories = _categories(db, self._slug("kind"))
        self._progress(min(standing, wanted))
        for numbers in batches(standing, wanted):
            with self._house.database.transaction() as db:
                self._write(db, [self._product(number, categories) for number in numbers])
                bump(db, "catalog")
            self._progress(len(numbers))
        return max(0, wanted - standing)

    def _write(self, db: Session, made: list[dict[Any, list[dict[str, Any]]]]) -> None:
        for model in (Product, Sku, ProductTag, ProductCategory):
            rows = [row for product in made for row in product[model]]
            if rows:
                db.execute(insert(model), rows)

    def _product(self, number: int, categories: list[int]) -> dict[Any, list[dict[str, Any]]]:
        luck = chance(self._seed, "product", number)
        product_id, moment = ids.new_id(), clock.now()
        code, title = luck.choice(self._tests)
        product = {
            "id": product_id,
            "slug": f"{self._slug('test')}{number:06d}",
            "name": f"{luck.choice(_SERIES)}{title} {number + 1} 号",
            "summary": f"{title}的演示产品，共 {luck.randint(8, 180)} 项，用于查看大量商品时的页面。",
            "description_html": _text(title),
            "test_type": code,
            "state": "published",
            "rank": self._seed * _BEHIND + number,
            "lead_days": luck.choice((7, 10, 15, 20)),
            "faq": [],
            "reward_overrides": {},
            "created_at": moment,
            "published_at": moment,
        }
        tags = luck.sample(_TAGS, luck.randint(1, 3))
        chosen = luck.sample(categories, min(2, len(categories)))
        return {
            Product: [product],
            Sku: _skus(luck, product_id),
            ProductTag: [
                {"product_id": product_id, "tag": tag, "position": place}
                for place, tag in enumerate(tags)
            ],
            ProductCategory: [
                {"product_id": product_id, "category_id": category} for category in chosen
            ],
        }


def _skus(luck: Random, product_id: int) -> list[dict[str, Any]]:
    price = luck.randrange(199, 4000, 10) * 100
    return [
        {
            "id": ids.new_id(),
            "product_id": product_id,
            "name": name,
            "price_fen": price * (place + 2) // 2,
            "struck_price_fen": price * (place + 3) // 2,
            "stock": None,
            "state": "on",
            "position": place,
        }
        for place, name in enumerate(_SKUS[: luck.randint(1, len(_SKUS))])
    ]


def _text(title: str) -> str:
    return description(
        {
            "intro": [
                f"这是自动生成的{title}演示产品，用来查看有大量商品时的列表、搜索与分页。",
                "文字长度与真实商品相近，内容不代表任何检测项目。",
            ],
            "includes": ["采样盒与寄回服务", "电子报告一份", "线上答疑一次"],
            "suits": ["想查看页面表现的开发者", "做性能测量的运维人员"],
            "limits": "演示产品不对应任何检测，请勿当真。",
        }
    )


def _count(db: Session, column: Any, prefix: str) -> int:
    """Rows with this prefix; a range, so that the unique index answers."""
    query = select(func.count()).where(column >= prefix, column < prefix + "~")
    return db.scalar(query) or 0


def _categories(db: Session, prefix: str) -> list[int]:
    """Generated categories, or all where there are none of this seed."""
    own = select(Category.id).where(Category.slug.startswith(prefix)).order_by(Category.position)
    return list(db.scalars(own)) or list(db.scalars(select(Category.id).order_by(Category.id)))
