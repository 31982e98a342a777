import pytest
from sqlalchemy import select

from suwen.cli import revising
from suwen.hookspecs.common import NotSent
from suwen.hookspecs.push import Category, ChannelMisconfigured, Outcome
from suwen.kernel.clock import now
from suwen.testing.push import job_for
from suwen_push_inbox.channel import InboxChannel
from suwen_push_inbox.models import InboxMessage
from suwen_push_inbox.reading import PersonalData

V1 = "/api/v1"


def test_a_notification_arrives_and_counts_as_unread(web, member, notify):
    notify(member, "SW1")
    page = web.get("/messages")
    assert "订单付款成功" in page.text
    assert "SW1" in page.text
    assert '<span class="count">2</span>' in web.get("/me").text


def test_a_repeated_delivery_is_one_message(house, app, member):
    channel = house.host.channels.get("inbox").obj
    with house.database.snapshot() as db:
        item = house.host.channels.get("inbox")
        ctx = house.switch.context(db, "100000", item)
    job = job_for(channel, ctx, str(member))
    for _ in range(3):
        (result,) = channel.send(ctx, [job])
        assert result.outcome is Outcome.DELIVERED
    with house.database.snapshot() as db:
        rows = db.scalars(
            select(InboxMessage.id).where(InboxMessage.delivery_id == job.delivery_id)
        ).all()
    assert len(rows) == 1


def test_codes_are_not_for_the_inbox():
    assert Category.OTP not in InboxChannel.info.categories


def test_unmounted_it_says_so(house, member):
    channel = InboxChannel()
    assert [problem.level for problem in channel.check(None)] == ["error"]
    with pytest.raises(ChannelMisconfigured):
        channel.send(None, [])


def test_a_database_that_is_away_means_not_sent(house, app, member, monkeypatch):
    channel = house.host.channels.get("inbox").obj
    with house.database.snapshot() as db:
        ctx = house.switch.context(db, "100000", house.host.channels.get("inbox"))
    job = job_for(channel, ctx, str(member))
    with house.database.transaction() as db:
        InboxMessage.__table__.drop(db.connection())
    with pytest.raises(NotSent):
        channel.send(ctx, [job])


def test_the_page_marks_one_or_all_as_read_and_leads_on(web, member, notify):
    notify(member, "SW1")
    page = web.get("/messages")
    form = next(f for f in page.forms.values() if f.action.startswith("/messages/"))
    answer = form.submit(status=303)
    assert answer.location.endswith("/orders/SW1")
    assert '<span class="count">1</span>' in web.get("/me").text
    form = next(f for f in web.get("/messages").forms.values() if f.action == "/messages")
    form.submit(status=303)
    assert 'class="count"' not in web.get("/me").text
    assert not [f for f in web.get("/messages").forms.values() if f.action == "/messages"]


def test_an_empty_inbox_says_so(web, member, house):
    with house.database.transaction() as db:
        PersonalData().erase(db, member)
    assert "还没有消息" in web.get("/messages").text


def test_pages_follow_each_other_without_gap(web, member, notify, bearer):
    for number in range(24):
        notify(member, f"SW{number:02}")
    seen, cursor = [], None
    while True:
        query = {"limit": "10"} | ({"cursor": cursor} if cursor else {})
        answer = web.get(f"{V1}/me/messages", query, headers=bearer).json
        seen += [item["id"] for item in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 25
    page = web.get("/messages")
    older = page.click("下一页")
    assert "欢迎来到素问" in older.text
    assert "回到第一页" in older.text
    web.get("/messages?cursor=abc", status=404)


def test_the_api_lists_and_marks(web, member, notify, bearer):
    notify(member, "SW1")
    items = web.get(f"{V1}/me/messages", headers=bearer).json["items"]
    assert [item["kind"] for item in items] == ["order_paid", "welcome"]
    assert items[0]["link"] == "/orders/SW1"
    assert items[0]["read"] is False
    read = web.post(f"{V1}/me/messages/{items[0]['id']}/read", headers=bearer).json
    assert read["read"] is True
    again = web.post(f"{V1}/me/messages/{items[0]['id']}/read", headers=bearer).json
    assert again["read_at"] == read["read_at"]
    unread = web.get(f"{V1}/me/messages?unread=true", headers=bearer).json["items"]
    assert [item["kind"] for item in unread] == ["welcome"]


def test_another_members_messages_do_not_exist(web, house, member, bearer):
    with house.database.transaction() as db:
        row = InboxMessage(
            delivery_id=1,
            member_id=member + 1,
            kind="welcome",
            subject="x",
            text="secret",
            link="",
            created_at=now(),
        )
        db.add(row)
        db.flush()
        other = row.id
    assert "secret" not in web.get("/messages").text
    web.post(f"{V1}/me/messages/{other}/read", headers=bearer, status=404)
    for bad in ("0", "abc", "9" * 25, "-1"):
        web.post(f"{V1}/me/messages/{bad}/read", headers=bearer, status=404)
    web.get(f"{V1}/me/messages", status=401)


def test_where_the_region_has_it_off_it_is_not_there(web, house, member):
    with house.database.transaction() as db:
        house.switch.set_state(db, "100000", "push_inbox", "disabled")
    web.get("/messages", status=404)
    assert "我的消息" not in web.get("/me").text


def test_personal_data_is_exported_and_erased(house, member, notify):
    notify(member, "SW1")
    with house.database.transaction() as db:
        store = house.host.plugins["push_inbox"].module.suwen_personal_data()
        kinds = [item["kind"] for item in store.export(db, member)["messages"]]
        assert kinds == ["welcome", "order_paid"]
        assert store.erase(db, member)
        assert store.export(db, member) == {"messages": []}


def test_the_history_says_what_the_model_says(house, host):
    info = host.plugins["push_inbox"].info
    assert revising.differences(house, info) == []


def test_the_menu_asks_once_per_page(web, house, member):
    from sqlalchemy import event

    asked = []

    def note(_connection, _cursor, statement, *_rest):
        if "push_inbox_message" in statement:
            asked.append(statement)

    event.listen(house.database.engine, "before_cursor_execute", note)
    web.get("/me")
    event.remove(house.database.engine, "before_cursor_execute", note)
    assert len(asked) == 1
