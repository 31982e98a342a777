"""What the API says of the catalogue."""

from __future__ import annotations

import colander

from suwen.catalog.models import FACETS
from suwen.forms.schemas import IdString, PageQuery, StrictBoolean, StrictInteger, listing


class CategoryOut(colander.MappingSchema):
    """A category."""

    facet = colander.SchemaNode(colander.String(), validator=colander.OneOf(FACETS))
    slug = colander.SchemaNode(colander.String())
    name = colander.SchemaNode(colander.String())


CategoryList = listing(CategoryOut())


class SkuOut(colander.MappingSchema):
    """A SKU; ``stock`` is null when unlimited."""

    id = colander.SchemaNode(IdString())
    name = colander.SchemaNode(colander.String())
    price_fen = colander.SchemaNode(StrictInteger())
    struck_price_fen = colander.SchemaNode(StrictInteger(), missing=None)
    stock = colander.SchemaNode(StrictInteger(), missing=None)


class SkuItems(colander.SequenceSchema):
    """SKUs."""

    sku = SkuOut()


class Strings(colander.SequenceSchema):
    """Plain strings."""

    item = colander.SchemaNode(colander.String())


class ProductOut(colander.MappingSchema):
    """A product."""

    slug = colander.SchemaNode(colander.String())
    name = colander.SchemaNode(colander.String())
    summary = colander.SchemaNode(colander.String())
    price_fen = colander.SchemaNode(StrictInteger(), missing=None)
    struck_price_fen = colander.SchemaNode(StrictInteger(), missing=None)
    tags = Strings()
    lead_days = colander.SchemaNode(StrictInteger())
    collection_methods = Strings()
    skus = SkuItems()


class ProductDetail(ProductOut):
    """A product with everything its page shows."""

    description_html = colander.SchemaNode(colander.String())
    test_type = colander.SchemaNode(colander.String())
    offered = colander.SchemaNode(StrictBoolean())


ProductList = listing(ProductOut())


class ProductQuery(PageQuery):
    """Filters and paging."""

    category = colander.SchemaNode(colander.String(), missing=None)
    tag = colander.SchemaNode(colander.String(), missing=None)
    q = colander.SchemaNode(colander.String(), validator=colander.Length(max=40), missing=None)
    region = colander.SchemaNode(colander.String(), missing=None)
