from __future__ import annotations

from fractions import Fraction

import pytest
from sqlalchemy import func, select

from suwen.kernel.audit import AuditEvent
from suwen.questionnaires.models import Result

from .conftest import ADULT, SMALL

GOOD = {"1": 1, "2": 2, "3": 3}
URL = f"/api/v1/questionnaires/{SMALL}/responses"


def rows(house, model, *where):
    with house.database.snapshot() as db:
        return db.scalar(select(func.count()).select_from(model).where(*where))


def pointers(answer):
    return {error["pointer"] for error in answer.json["errors"]}


class TestForms:
    def test_the_region_decides(self, app_of):
        app = app_of()
        items = app.get("/api/v1/questionnaires").json["items"]
        assert sorted(item["id"] for item in items) == [SMALL, ADULT]
        adult = next(item for item in items if item["id"] == ADULT)
        assert (adult["item_count"], adult["min_age"], adult["scorer"]) == (60, 18, "ccmq")
        assert app.get("/api/v1/questionnaires?region=4306").json["items"] == []
        app.get(f"/api/v1/questionnaires/{SMALL}?region=4306", status=404)

    def test_items_are_worded_for_the_callers_sex(self, app_of, add_member):
        def last(who, **headers):
            answer = app_of(who).get(f"/api/v1/questionnaires/{SMALL}", headers=headers)
            return answer.json["items"][-1]

        assert last(None) == {
            "id": "3",
            "text": None,
            "variants": {"female": "女题", "male": "男题"},
        }
        assert last(add_member(sex="male")) == {"id": "3", "text": "男题", "variants": None}
        english = last(add_member(sex="female"), **{"Accept-Language": "en"})
        assert english == {"id": "3", "text": "W", "variants": None}

    def test_a_form_says_what_is_needed(self, app_of):
        form = app_of().get(f"/api/v1/questionnaires/{ADULT}").json
        assert form["needs_sex"] is True
        assert form["consent_purpose"] == "sensitive_data"
        assert [option["value"] for option in form["options"]] == [1, 2, 3, 4, 5]
        assert len(form["items"]) == 60

    def test_age_hides_what_does_not_fit(self, app_of, add_member):
        young = app_of(add_member(born="2012-01-01"))
        assert young.get("/api/v1/questionnaires").json["items"] == []


class TestResponses:
    def test_a_sheet_is_scored(self, app_of, member):
        answer = app_of(member).post_json(URL, {"answers": GOOD}, status=201).json
        assert answer["status"] == "biased"
        assert answer["types"] == ["S3"]
        assert answer["scores"][1] == {
            "scale": "S2",
            "title": "量表2",
            "raw": 2,
            "converted": 28.5714,
            "verdict": "否",
            "distance": 1,
        }
        assert answer["advice"] == [
            {
                "scale": "S3",
                "title": "量表3",
                "features": "特点",
                "texts": [{"title": "饮食", "text": "清淡"}],
            }
        ]
        assert (answer["scorer"], answer["standard"], answer["version"]) == (
            "small",
            "none",
            "1.0",
        )
        assert "不是医学诊断" in answer["notice"]

    @pytest.mark.parametrize(
        ("answers", "wrong"),
        [
            ({}, {"/answers/1", "/answers/2", "/answers/3"}),
            ({**GOOD, "4": 1}, {"/answers/4"}),
            ({**GOOD, "01": 1}, {"/answers/01"}),
            ({"1": 0, "2": 2}, {"/answers/1", "/answers/3"}),
            ({**GOOD, "1": 6}, {"/answers/1"}),
            ({**GOOD, "1": "3"}, {"/answers/1"}),
            ({**GOOD, "1": 2.0}, {"/answers/1"}),
            ({**GOOD, "1": True}, {"/answers/1"}),
            ({**GOOD, "1": None}, {"/answers/1"}),
            ({**GOOD, "1": [1]}, {"/answers/1"}),
            ({**GOOD, "1": 10**30}, {"/answers/1"}),
        ],
    )
    def test_every_wrong_item_is_named_and_nothing_kept(
        self, app_of, member, house, answers, wrong
    ):
        answer = app_of(member).post_json(URL, {"answers": answers}, status=422)
        assert answer.json["code"] == "sheet_invalid"
        assert pointers(answer) == wrong
        assert rows(house, Result) == 0

    @pytest.mark.parametrize("body", [{}, {"answers": []}, {"answers": "x"}, {"answers": None}])
    def test_no_sheet_at_all(self, app_of, member, body):
        assert pointers(app_of(member).post_json(URL, body, status=422)) == {"/answers"}

    def test_messages_are_in_the_callers_language(self, app_of, member):
        answer = app_of(member).post_json(URL, {"answers": {"1": 1, "2": 2}}, status=422)
        assert answer.json["errors"][0]["message"] == "请回答第 3 题"

    def test_consent_comes_first(self, app_of, add_member):
        app = app_of(add_member(sex="male", consent=False))
        answer = app.post_json(URL, {"answers": GOOD}, status=409)
        assert answer.json["code"] == "consent_required"

    def test_sex_is_asked_when_the_profile_has_none(self, app_of, add_member):
        app = app_of(add_member())
        answer = app.post_json(URL, {"answers": GOOD}, status=422)
        assert answer.json["code"] == "sex_required"
        assert pointers(answer) == {"/sex"}
        app.post_json(URL, {"answers": GOOD, "sex": "x"}, status=422)
        app.post_json(URL, {"answers": GOOD, "sex": "female"}, status=201)
        answer = app.post_json(URL, {"answers": GOOD, "sex": "male"}, status=422)
        assert answer.json["code"] == "sex_differs"

    def test_an_unknown_form(self, app_of, member):
        url = "/api/v1/questionnaires/gbt46939-2025/responses"
        app_of(member).post_json(url, {"answers": GOOD}, status=404)

    def test_measures_a_form_does_not_take(self, app_of, member):
        url = f"/api/v1/questionnaires/{ADULT}/responses"
        body = {"answers": {str(n): 1 for n in range(1, 61)}, "measures": {"bmi": "21"}}
        answer = app_of(member).post_json(url, body, status=422)
        assert pointers(answer) == {"/measures/bmi"}

    def test_a_key_makes_it_happen_once(self, app_of, member, house):
        app, headers = app_of(member), {"Idempotency-Key": "k1"}
        first = app.post_json(URL, {"answers": GOOD}, headers=headers, status=201).json
        again = app.post_json(URL, {"answers": GOOD}, headers=headers, status=201).json
        assert first == again
        assert rows(house, Result) == 1
        other = app.post_json(URL, {"answers": {**GOOD, "1": 2}}, headers=headers, status=422)
        assert other.json["code"] == "idempotency_mismatch"

    def test_visitors_may_not(self, app_of):
        app_of().post_json(URL, {"answers": GOOD}, status=401)

    def test_the_real_form_gives_the_published_numbers(self, app_of, member):
        url = f"/api/v1/questionnaires/{ADULT}/responses"
        answers = {str(n): 2 for n in range(1, 61)}
        answers |= {str(n): 3 for n in (41, 39)}
        scores = {
            score["scale"]: score
            for score in app_of(member)
            .post_json(url, {"answers": answers}, status=201)
            .json["scores"]
        }
        assert scores["SR"]["raw"] == 14
        assert scores["SR"]["converted"] == float(round(Fraction(100, 3), 4))
        assert scores["SR"]["verdict"] == "倾向是"
        assert scores["PH"]["verdict"] == "基本是"


class TestResults:
    def test_lists_tell_nothing_and_readings_are_on_record(self, app_of, member, house):
        app = app_of(member)
        made = app.post_json(URL, {"answers": GOOD}, status=201).json
        (listed,) = app.get("/api/v1/me/results").json["items"]
        assert listed["id"] == made["id"]
        assert set(listed) == {
            "id",
            "questionnaire",
            "title",
            "scorer",
            "standard",
            "version",
            "created_at",
        }
        assert app.get(f"/api/v1/me/results/{made['id']}").json == made
        assert rows(house, AuditEvent, AuditEvent.action == "questionnaire.read") == 2

    def test_pages(self, app_of, member):
        app = app_of(member)
        made = [app.post_json(URL, {"answers": GOOD}).json["id"] for _ in range(3)]
        first = app.get("/api/v1/me/results?limit=2").json
        rest = app.get(f"/api/v1/me/results?limit=2&cursor={first['next_cursor']}").json
        assert [item["id"] for item in first["items"] + rest["items"]] == made[::-1]
        assert rest["next_cursor"] is None

    def test_anothers_do_not_exist(self, app_of, member, add_member):
        made = app_of(member).post_json(URL, {"answers": GOOD}).json["id"]
        app_of(add_member()).get(f"/api/v1/me/results/{made}", status=404)
        app_of().get(f"/api/v1/me/results/{made}", status=401)

    def test_an_uninstalled_scorer_leaves_the_numbers(self, app_of, member, uninstall):
        app = app_of(member)
        made = app.post_json(URL, {"answers": GOOD}).json
        uninstall()
        later = app.get(f"/api/v1/me/results/{made['id']}").json
        assert later["advice"] == []
        assert {**later, "advice": made["advice"]} == made


def test_the_document_describes_it(app_of):
    document = app_of().get("/api/v1/openapi.json").json
    operations = {
        operation["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
    }
    assert operations >= {
        "list_questionnaires",
        "get_questionnaire",
        "submit_response",
        "list_results",
        "get_result",
    }


def test_lists_cost_the_same_however_long(app_of, member, statements):
    app = app_of(member)
    for expected in (1, 4):
        while len(app.get("/api/v1/me/results").json["items"]) < expected:
            app.post_json(URL, {"answers": GOOD}, status=201)
        statements.clear()
        assert len(app.get("/api/v1/me/results").json["items"]) == expected
        assert len(statements) <= 3, statements
