from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from suwen.kernel.audit import AuditEvent
from suwen.questionnaires.models import AnsweringSession, Result

from .conftest import ADULT, CONSENT, GOOD, SMALL

ALL_ONE = {str(item): "1" for item in range(1, 61)}


def rows(house, model, *where):
    with house.database.snapshot() as db:
        return db.scalar(select(func.count()).select_from(model).where(*where))


def form_of(page):
    """The page's own form; the header has others."""
    return next(f for f in page.forms.values() if f.action.startswith("/questionnaires"))


def start(web, form=SMALL):
    return form_of(web.get(f"/questionnaires/{form}")).submit(status=303).follow()


def token_of(page):
    return form_of(page)["csrf_token"].value


class TestChoosing:
    def test_visitors_see_the_forms_and_are_asked_to_sign_in(self, web):
        page = web.get("/questionnaires")
        assert "中医体质自测（成人 60 题）" in page.text
        page = web.get(f"/questionnaires/{ADULT}")
        assert "登录后开始" in page.text
        assert f"/sign-in?next=%2Fquestionnaires%2F{ADULT}" in page.text
        assert "T157-2009" in page.text

    def test_the_association_standard_is_called_no_national_one(self, web):
        text = web.get(f"/questionnaires/{ADULT}").text
        assert "国家标准" not in text
        assert "国标" not in text

    def test_a_region_without_forms_says_so(self, web, switch):
        switch("disabled")
        switch("disabled", "scorer_ccmq")
        assert "暂时没有适合您的问卷" in web.get("/questionnaires").text
        web.get(f"/questionnaires/{SMALL}", status=404)

    def test_nothing_is_ticked_or_chosen_beforehand(self, web, sign_in, add_member):
        sign_in(add_member(consent=False))
        form = form_of(web.get(f"/questionnaires/{SMALL}"))
        assert form["consent"].checked is False
        assert form["sex"].value is None

    def test_what_is_missing_is_said_beside_it(self, web, sign_in, add_member, house):
        sign_in(add_member(consent=False))
        page = form_of(web.get(f"/questionnaires/{SMALL}")).submit(status=422)
        assert page.html.find(id="f-consent-error")
        assert page.html.find(id="f-sex-error")
        form = form_of(page)
        form["sex"] = "male"
        page = form.submit(status=422)
        assert form_of(page)["sex"].value == "male"
        assert rows(house, AnsweringSession) == 0
        form = form_of(page)
        form["consent"] = True
        form.submit(status=303).follow()
        assert rows(house, AnsweringSession) == 1

    def test_an_old_consent_text_is_read_again(self, web, sign_in, add_member):
        sign_in(add_member(sex="male", consent=False))
        form = form_of(web.get(f"/questionnaires/{SMALL}"))
        form["consent"], form["version"] = True, "2020-01"
        page = form.submit(status=422)
        assert "已更新" in page.html.find(id="f-consent-error").text
        assert form_of(page)["version"].value == CONSENT

    def test_too_young(self, web, sign_in, add_member):
        sign_in(add_member(born="2012-01-01"))
        assert "不适用于您的年龄" in web.get(f"/questionnaires/{SMALL}").text
        assert "中医体质自测" not in web.get("/questionnaires").text

    def test_beginning_wants_a_member(self, web):
        token = web.get(f"/questionnaires/{SMALL}").html.find("input", {"name": "csrf_token"})
        values = {"csrf_token": token["value"]} if token else {}
        answer = web.post(f"/questionnaires/{SMALL}", values, expect_errors=True)
        assert answer.status_code in (303, 400)
        assert "/sessions/" not in (answer.location or "")


class TestAnswering:
    @pytest.fixture(autouse=True)
    def signed_in(self, sign_in, member):
        sign_in(member)

    def test_all_items_stand_on_one_page_without_an_answer(self, web):
        page = start(web, ADULT)
        items = page.html.find_all("fieldset", class_="question")
        assert [item["id"] for item in items] == [f"f-{n}" for n in range(1, 61)]
        assert not page.html.find_all("input", checked=True)
        assert all(len(item.find_all("input", type="radio")) == 5 for item in items)
        assert "0/60" in page.html.find(attrs={"data-progress-text": True}).text
        assert page.text.count("已经过半") == 1

    def test_item_59_is_the_one_of_the_profiles_sex(self, web, sign_in, add_member):
        female = start(web, ADULT).html.find(id="f-59").legend.text
        sign_in(add_member(sex="male"))
        assert start(web, ADULT).html.find(id="f-59").legend.text != female

    def test_what_the_script_needs_is_there(self, web):
        page = start(web)
        form = page.html.find("form", attrs={"data-questionnaire": True})
        assert form["data-save-url"].endswith("/answers")
        assert form.find(attrs={"data-progress": True}).find("progress")
        assert form.find(attrs={"data-save-state": True})

    def test_answers_are_saved_one_by_one_and_resumed(self, web):
        page = start(web)
        url = page.html.find("form", attrs={"data-questionnaire": True})["data-save-url"]
        headers = {"X-CSRF-Token": token_of(page)}
        web.post(url, {"item": "2", "value": "3"}, headers=headers, status=204)
        web.post(url, {"item": "9", "value": "3"}, headers=headers, status=422)
        web.post(url, {"item": "2", "value": "9"}, headers=headers, status=422)
        web.post(url, {"value": "3"}, headers=headers, status=422)
        page = web.get(page.request.path)
        assert form_of(page)["2"].value == "3"
        assert "1/3" in page.html.find(attrs={"data-progress-text": True}).text
        overview = web.get("/questionnaires")
        assert "1/3" in overview.text
        assert page.request.path in overview.text

    def test_saving_wants_the_token(self, web):
        page = start(web)
        web.post(f"{page.request.path}/answers", {"item": "1", "value": "1"}, status=400)

    def test_saving_by_hand_and_going_on_later(self, web):
        page = start(web)
        values = {"csrf_token": token_of(page), "1": "2", "later": "1"}
        answer = web.post(page.request.path, values, status=303).follow()
        assert "回答已保存" in answer.text
        assert form_of(web.get(page.request.path))["1"].value == "2"

    def test_an_incomplete_sheet_says_which_items_and_keeps_the_others(self, web, house):
        page = start(web)
        form = form_of(page)
        form["1"], form["3"] = "2", "1"
        again = form.submit(status=422)
        assert again.html.find(id="f-2-error").text.strip() == "请回答第 2 题"
        assert again.html.find(id="f-1-error") is None
        assert [a["href"] for a in again.html.select(".error-summary a")] == ["#f-2"]
        assert (form_of(again)["1"].value, form_of(again)["3"].value) == ("2", "1")
        assert rows(house, Result) == 0
        assert form_of(web.get(page.request.path))["1"].value == "2"

    @pytest.mark.parametrize(
        "extra", [("4", "1"), ("59f", "1"), ("1", "2"), ("01", "1"), ("2", "x")]
    )
    def test_extra_double_and_odd_answers_are_refused(self, web, house, extra):
        page = start(web)
        values = [("csrf_token", token_of(page)), ("1", "1"), ("2", "1"), ("3", "1"), extra]
        web.post(page.request.path, values, status=422)
        assert rows(house, Result) == 0

    def test_submitting_shows_the_report_and_again_the_same(self, web, house):
        page = start(web)
        values = {"csrf_token": token_of(page), **{str(k): str(v) for k, v in GOOD.items()}}
        first = web.post(page.request.path, values, status=303)
        second = web.post(page.request.path, values, status=303)
        assert first.location == second.location
        assert rows(house, Result) == 1
        assert web.get(page.request.path, status=303).location == first.location

    def test_giving_up_begins_anew(self, web, house):
        page = start(web)
        web.post(f"{page.request.path}/abandon", {"csrf_token": token_of(page)}, status=303)
        assert web.get(page.request.path, status=303).location.endswith("/questionnaires")
        again = web.post(f"{page.request.path}/abandon", {"csrf_token": token_of(page)})
        assert again.status_code == 303
        assert rows(house, AnsweringSession, AnsweringSession.state == "abandoned") == 1

    def test_a_withdrawn_consent_leads_back_to_it(self, web, house, member):
        from suwen.accounts.services import accounts
        from suwen.kernel.audit import Actor

        page = start(web)
        with house.database.transaction() as db:
            people = accounts(house, db)
            subject = people.subject_of(member)
            people.consents.withdraw(subject, "sensitive_data", Actor("member", member))
        asked = web.get(page.request.path, status=303).follow()
        assert form_of(asked)["consent"].checked is False

    def test_a_form_that_was_switched_off_waits(self, web, switch):
        page = start(web)
        switch("draining")
        web.get(page.request.path, status=200)
        switch("disabled")
        overview = web.get(page.request.path, status=303).follow()
        assert "已停用" in overview.text
        web.get(f"/questionnaires/{SMALL}", status=404)

    def test_another_member_finds_nothing(self, web, sign_in, add_member):
        path = start(web).request.path
        sign_in(add_member(sex="male"))
        web.get(path, status=404)
        token = token_of(web.get(f"/questionnaires/{SMALL}"))
        web.post(path, {"csrf_token": token}, status=404)
        web.post(f"{path}/abandon", {"csrf_token": token}, status=404)


class TestReports:
    @pytest.fixture(autouse=True)
    def signed_in(self, sign_in, member):
        sign_in(member)

    @pytest.fixture
    def report(self, web, begin, submit, member):
        def show(answers, form=ADULT, **options):
            result = submit(member, begin(member, form), answers)
            return web.get(f"/me/results/{result.public_id}", **options)

        return show

    def test_the_report_of_a_real_sheet(self, report):
        answers = {**dict.fromkeys(range(1, 61), 1), **dict.fromkeys((2, 3, 4, 5, 23, 6, 7, 26), 3)}
        answers |= {1: 5, 60: 5}
        page = report(answers)
        assert page.html.h2.text == "您的体质为气虚质"
        table = page.html.find("table")
        cells = [
            [c.text.strip() for c in row.find_all(["th", "td"])] for row in table.find_all("tr")
        ]
        assert cells[1][:4] == ["平和质", "36", "87.5", "否"]
        assert cells[2][:4] == ["气虚质", "24", "50.0", "是"]
        assert cells[3] == ["阳虚质", "9", "7.1", "否", "差 7 分"]
        svg = page.html.find("svg", class_="radar")
        assert "气虚质 50.0 分，是" in svg.desc.text
        for text in ("仅供参考，不是医学诊断", "42.7%", "饮食", "suwen-1", "ccmq 1.0.0"):
            assert text in page.text
        assert "style=" not in page.text
        assert "国家标准" not in page.text

    def test_chart_and_table_show_the_same_numbers(self, report):
        answers = {item: item % 5 + 1 for item in range(1, 61)}
        page = report(answers)
        svg = [t.text for t in page.html.find_all("tspan", class_="radar-value")]
        table = [
            row.find_all("td")[1].text.strip() for row in page.html.find("table").find_all("tr")[1:]
        ]
        assert svg == table

    def test_undetermined_names_no_type_and_gives_no_advice(self, report):
        page = report({1: 1, 2: 2, 3: 2}, SMALL)
        assert page.html.h2.text == "未达判定标准"
        assert "距界线的差距" in page.text
        assert "特点与一般建议" not in page.text

    def test_without_its_scorer_it_keeps_the_numbers(self, report, web, uninstall):
        page = report(GOOD, SMALL)
        assert "清淡" in page.text
        uninstall()
        later = web.get(page.request.path)
        assert "计分程序已卸载" in later.text
        assert "清淡" not in later.text
        assert later.html.find("table").text == page.html.find("table").text
        assert str(later.html.find("svg", class_="radar")) == str(
            page.html.find("svg", class_="radar")
        )

    def test_a_scorer_that_fails_at_advice_does_not_hide_the_report(self, report, web, small):
        page = report(GOOD, SMALL)

        def fail(result, locale):
            raise KeyError("S3")

        small.advise = fail
        assert web.get(page.request.path).html.h2.text == page.html.h2.text

    def test_every_reading_is_on_record_and_nobody_elses_opens(
        self, report, web, house, sign_in, add_member
    ):
        page = report(GOOD, SMALL)
        web.get(page.request.path)
        assert rows(house, AuditEvent, AuditEvent.action == "questionnaire.read") == 2
        sign_in(add_member())
        web.get(page.request.path, status=404)
        assert rows(house, AuditEvent, AuditEvent.action == "questionnaire.read") == 2

    def test_answers_that_tell_little_are_remarked_on(self, report):
        assert "所有题目选了同一个答案" in report(dict.fromkeys(range(1, 61), 2)).text

    def test_in_english_nothing_is_left_in_chinese(self, web, report, sign_in, add_member):
        answers = {**dict.fromkeys(range(1, 61), 1), **dict.fromkeys((2, 3, 4, 5, 23), 5)}
        web.set_cookie("lang", "en")
        pages = [
            report(answers),
            web.get("/me/results"),
            start(web, ADULT),
            web.get("/questionnaires"),
            web.get(f"/questionnaires/{ADULT}"),
        ]
        sign_in(add_member(consent=False))
        pages.append(form_of(web.get(f"/questionnaires/{ADULT}")).submit(status=422))
        for page in pages:
            text = page.html.find(id="content").text
            assert not re.findall(r"[\u3000-\u303f\u4e00-\u9fff]+", text), page.request.path


class TestResultLists:
    def test_empty(self, web, sign_in, member):
        sign_in(member)
        assert "还没有测评结果" in web.get("/me/results").text

    def test_results_without_what_they_say(self, web, sign_in, member, begin, submit, house):
        result = submit(member, begin(member))
        sign_in(member)
        page = web.get("/me/results")
        assert f"/me/results/{result.public_id}" in page.text
        assert "小问卷" in page.text
        assert "您的体质" not in page.text
        assert rows(house, AuditEvent, AuditEvent.action == "questionnaire.read") == 0

    def test_pages(self, web, sign_in, member, begin, submit):
        for _ in range(21):
            submit(member, begin(member))
        sign_in(member)
        page = web.get("/me/results")
        assert len(page.html.find("table").find_all("tr")) == 21
        rest = web.get(page.html.find("a", rel="next")["href"])
        assert len(rest.html.find("table").find_all("tr")) == 2

    def test_visitors_are_asked_to_sign_in(self, web):
        assert "/sign-in" in web.get("/me/results", status=303).location


def test_choosing_and_answering_cost_little(web, sign_in, member, statements):
    sign_in(member)
    path = start(web, ADULT).request.path
    for page, most in (("/questionnaires", 6), (path, 6)):
        web.get(page)
        statements.clear()
        web.get(page)
        assert len(statements) <= most, statements
