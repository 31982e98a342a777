"""JSON Schema of colander nodes: what they accept, or what an answer looks like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import colander

JsonSchema = dict[str, Any]

_TYPES: Final[Mapping[type, JsonSchema]] = {
    colander.String: {"type": "string"},
    colander.Integer: {"type": "integer"},
    colander.Float: {"type": "number"},
    colander.Decimal: {"type": "string"},
    colander.Boolean: {"type": "boolean"},
    colander.Date: {"type": "string", "format": "date"},
    colander.DateTime: {"type": "string", "format": "date-time"},
    colander.Time: {"type": "string", "format": "time"},
}


class Components:
    """Turns nodes into schemas; classes of their own become named components."""

    def __init__(self) -> None:
        """No component yet."""
        self.schemas: dict[str, JsonSchema] = {}

    def received(self, node: colander.SchemaNode) -> JsonSchema:
        """Schema of what a node accepts: whatever is not required may be null or missing."""
        return self._of(node.bind(), lambda child: not child.required, "Input")

    def sent(self, node: colander.SchemaNode) -> JsonSchema:
        """Schema of an answer: ``missing=None`` says that null is possible."""
        return self._of(node.bind(), lambda child: child.missing is None, "Output")

    def inline(self, node: colander.SchemaNode) -> JsonSchema:
        """Schema of a query parameter."""
        found = self._of(node, lambda _child: False, "Query")
        if isinstance(node.missing, str | int | bool):
            found = {**found, "default": node.missing}
        return found

    def _of(
        self, node: colander.SchemaNode, nullable: Callable[[Any], bool], kind: str
    ) -> JsonSchema:
        if isinstance(node.typ, colander.Mapping):
            schema = self._object(node, nullable, kind)
        elif isinstance(node.typ, colander.Sequence):
            schema = {"type": "array", "items": self._of(node.children[0], nullable, kind)}
        else:
            schema = _of_type(node)
        schema = {**schema, **_of_validators(node)}
        return _nullable(schema) if nullable(node) else schema

    def _object(
        self, node: colander.SchemaNode, nullable: Callable[[Any], bool], kind: str
    ) -> JsonSchema:
        schema: JsonSchema = {
            "type": "object",
            "properties": {c.name: self._of(c, nullable, kind) for c in node.children},
        }
        required = [child.name for child in node.children if child.required]
        if required:
            schema["required"] = required
        return self._named(node, schema, kind)

    def _named(self, node: colander.SchemaNode, schema: JsonSchema, kind: str) -> JsonSchema:
        name = type(node).__name__
        if name in {"SchemaNode", "MappingSchema", "Schema"}:
            return schema
        if type(node).__doc__ and type(node).__doc__ != colander.MappingSchema.__doc__:
            schema["description"] = str(type(node).__doc__).strip().splitlines()[0]
        domain = type(node).__module__.split(".")[1].capitalize()
        for candidate in (name, f"{name}{kind}", f"{domain}{name}", f"{domain}{name}{kind}"):
            if self.schemas.setdefault(candidate, schema) == schema:
                return {"$ref": f"#/components/schemas/{candidate}"}
        return schema


def _of_type(node: colander.SchemaNode) -> JsonSchema:
    own = getattr(node.typ, "json_schema", None)
    schema: JsonSchema = dict(own()) if own else dict(_TYPES.get(type(node.typ), {}))
    if node.description:
        schema["description"] = str(node.description)
    example = getattr(node, "example", None)
    if example is not None:
        schema["examples"] = [example]
    return schema


def _nullable(schema: JsonSchema) -> JsonSchema:
    if "$ref" in schema or "enum" in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return schema


def _of_validators(node: colander.SchemaNode) -> JsonSchema:
    merged: JsonSchema = {}
    for validator in _flat(node.validator):
        merged.update(_of_validator(node, validator))
    return merged


def _flat(validator: Any) -> list[Any]:
    if validator is None or isinstance(validator, colander.deferred):
        return []
    if isinstance(validator, colander.All):
        return [part for inner in validator.validators for part in _flat(inner)]
    if isinstance(validator, list | tuple):
        return [part for inner in validator for part in _flat(inner)]
    return [validator]


def _of_validator(node: colander.SchemaNode, validator: Any) -> JsonSchema:
    declared = getattr(validator, "json_schema", None)
    if declared is not None:
        return dict(declared() if callable(declared) else declared)
    if isinstance(validator, colander.Length):
        word = "Items" if isinstance(node.typ, colander.Sequence) else "Length"
        return _bounds(f"min{word}", validator.min, f"max{word}", validator.max)
    if isinstance(validator, colander.Range):
        return _bounds("minimum", validator.min, "maximum", validator.max)
    if isinstance(validator, colander.OneOf):
        return {"enum": list(validator.choices)}
    if isinstance(validator, colander.ContainsOnly):
        return {"items": {"enum": list(validator.choices)}}
    if isinstance(validator, colander.Email):
        return {"format": "email"}
    if isinstance(validator, colander.Regex):
        return {"pattern": validator.match_object.pattern}
    return {}


def _bounds(low: str, minimum: Any, high: str, maximum: Any) -> JsonSchema:
    # Days and other values that JSON Schema cannot bound are left out.
    found = {low: minimum, high: maximum}
    return {name: value for name, value in found.items() if isinstance(value, int | float)}
