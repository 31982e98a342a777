"""What the API says of regions and places."""

from __future__ import annotations

import colander

from suwen.forms.schemas import IdString, StrictBoolean, listing


class RegionOut(colander.MappingSchema):
    """A region."""

    code = colander.SchemaNode(colander.String())
    name = colander.SchemaNode(colander.String())
    is_default = colander.SchemaNode(StrictBoolean())


RegionList = listing(RegionOut())


class Location(colander.MappingSchema):
    """Coordinates and the system they belong to."""

    lon = colander.SchemaNode(colander.Float())
    lat = colander.SchemaNode(colander.Float())
    system = colander.SchemaNode(colander.String(), validator=colander.OneOf(["GCJ-02"]))


class RouteLinks(colander.MappingSchema):
    """Links into map services."""

    amap = colander.SchemaNode(colander.String(), missing=None)
    baidu = colander.SchemaNode(colander.String(), missing=None)
    tencent = colander.SchemaNode(colander.String(), missing=None)


class PointOut(colander.MappingSchema):
    """A collection point."""

    id = colander.SchemaNode(IdString())
    name = colander.SchemaNode(colander.String())
    region_code = colander.SchemaNode(colander.String())
    address = colander.SchemaNode(colander.String())
    phone = colander.SchemaNode(colander.String())
    hours = colander.SchemaNode(colander.String())
    location = Location(missing=None)
    route_links = RouteLinks()


PointList = listing(PointOut())
