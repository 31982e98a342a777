"""The document says what the schemas do."""

import json

import colander
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from suwen.api.jsonschema import Components


@pytest.fixture
def document(app):
    return app.get("/api/v1/openapi.json").json


def test_it_is_valid_openapi(document):
    assert document["openapi"] == "3.1.0"
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_the_validator_is_not_asleep(document):
    document["paths"]["/orders"]["get"]["responses"] = {}
    document["paths"]["/orders"]["get"]["parameters"][0].pop("schema")

    assert list(OpenAPIV31SpecValidator(document).iter_errors())


def test_every_operation_is_there(document):
    found = {item["operationId"] for path in document["paths"].values() for item in path.values()}

    assert found >= {"place", "step", "listed", "cancel", "upload"}


def test_bodies_are_described_by_what_validates_them(document):
    schema = document["components"]["schemas"]["OrderIn"]

    assert schema["required"] == ["items"]
    items = schema["properties"]["items"]
    assert (items["minItems"], items["maxItems"]) == (1, 3)
    item = document["components"]["schemas"]["Item"]["properties"]
    assert item["quantity"] == {"type": "integer", "minimum": 1, "maximum": 99}
    assert item["sku_id"] == {"type": "string", "pattern": "^[1-9][0-9]{0,18}$"}
    assert schema["properties"]["note"] == {"type": ["string", "null"], "maxLength": 10}
    method = schema["properties"]["method"]
    assert method["anyOf"] == [{"type": "string", "enum": ["on_site", "mail"]}, {"type": "null"}]


def test_lists_share_limit_and_cursor(document):
    parameters = document["paths"]["/orders"]["get"]["parameters"]

    limit = next(item for item in parameters if item.get("name") == "limit")
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}
    assert {"$ref": "#/components/parameters/region"} in parameters


def test_security_keys_and_problems_are_declared(document):
    place = document["paths"]["/orders"]["post"]

    assert place["security"] == [{"bearer": []}]
    assert {"$ref": "#/components/parameters/idempotencyKey"} in place["parameters"]
    assert place["responses"]["409"] == {"$ref": "#/components/responses/Problem"}
    assert "security" not in document["paths"]["/orders"]["get"]
    assert document["paths"]["/orders/{number}"]["delete"]["parameters"][0]["name"] == "number"
    body = document["paths"]["/uploads"]["post"]["requestBody"]["content"]
    assert list(body) == ["multipart/form-data"]


@pytest.mark.parametrize(
    ("body", "good"),
    [
        ({"items": [{"sku_id": "12", "quantity": 2}]}, True),
        ({"items": [{"sku_id": "12", "quantity": 2}], "note": None, "answers": {"1": 5}}, True),
        ({"items": [{"sku_id": "12", "quantity": 0}]}, False),
        ({"items": [{"sku_id": "x", "quantity": 1}]}, False),
        ({"items": []}, False),
        ({"items": [{"sku_id": "12", "quantity": 2}], "answers": {"1": 6}}, False),
    ],
)
def test_document_and_validation_agree(app, document, body, good):
    schema = {"$ref": "#/components/schemas/OrderIn", "components": document["components"]}
    said = Draft202012Validator(json.loads(json.dumps(schema))).is_valid(body)

    done = app.post_json("/api/v1/open-orders", body, status="*").status_code

    assert (said, done) == (good, 201 if good else 422)


def test_two_classes_of_one_name_get_two_names():
    def make(**nodes):
        class Same(colander.MappingSchema):
            pass

        schema = Same()
        for name, typ in nodes.items():
            schema.add(colander.SchemaNode(typ, name=name))
        return schema

    components = Components()
    first = components.sent(make(a=colander.String()))
    second = components.sent(make(b=colander.Integer()))
    again = components.sent(make(a=colander.String()))

    assert first == again == {"$ref": "#/components/schemas/Same"}
    assert second == {"$ref": "#/components/schemas/SameOutput"}
