"""What the API's document says of orders is what the operations do."""

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.fixtures_shop import OFFLINE, YUEYANG


@pytest.mark.sqlite
def test_placing_answers_202_with_an_intent_and_says_so(site):
    document = site.app.get("/api/v1/openapi.json").json
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []
    responses = document["paths"]["/orders"]["post"]["responses"]
    assert {"201", "202"} <= set(responses)

    body = {
        "items": [{"sku_id": str(site.sku), "quantity": 1}],
        "collection": {"method": "on_site", "point_id": str(YUEYANG)},
        "gateway": OFFLINE,
    }
    headers = site.token(site.member("13800008001"))
    answer = site.app.post_json("/api/v1/orders", body, headers=headers, status=202)
    described = responses["202"]["content"]["application/json"]["schema"]["$ref"]
    schema = document["components"]["schemas"][described.rpartition("/")[2]]
    assert set(answer.json) == set(schema["properties"]) == {"intent"}
