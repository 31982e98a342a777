"""The consumption record (消费记录): the list with its sums, on paper, and as an Excel file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from pyramid.response import Response
from pyramid.view import view_config

from suwen.api.operations import operation
from suwen.forms.schemas import validated
from suwen.forms.sheets import MEDIA_TYPE, Money, sheet
from suwen.kernel import clock
from suwen.kernel.errors import Invalid
from suwen.kernel.i18n import _, translate
from suwen.orders.consumption import (
    BALANCE,
    KINDS,
    Consumption,
    Filter,
    Movement,
    Totals,
    consumption,
)
from suwen.orders.schemas import ConsumptionForm, ConsumptionOut, ConsumptionQuery

if TYPE_CHECKING:
    from pyramid.request import Request

MAX_PRINTED: Final = 500
MAX_EXPORTED: Final = 10_000
DEFAULT: Final = "year"
PERIODS: Final[Mapping[str, str]] = {
    "month": _("本月"),
    "quarter": _("近三个月"),
    "year": _("近一年"),
    "all": _("全部时间"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for. Days of one's own stand above the period."""

    wanted: Filter
    period: str
    query: Mapping[str, str]
    """To be carried on by links; without the cursor."""


def begins(period: str, today: date) -> date | None:
    """First day of a period that ends today; None for no limit."""
    if period == "month":
        return today.replace(day=1)
    if period == "all":
        return None
    months = 3 if period == "quarter" else 12
    last = today.replace(day=1) - timedelta(days=1)
    for _step in range(months - 1):
        last = last.replace(day=1) - timedelta(days=1)
    # The same day that many months ago, or the last that month has; the day after begins.
    return last.replace(day=min(today.day, last.day)) + timedelta(days=1)


def asked(request: Request) -> Asked:
    """Read the address; raises ``Invalid`` beside the field."""
    given = validated(ConsumptionForm(), request.GET)
    since, until = given["since"], given["until"]
    if since and until and since > until:
        text = _("结束日期不能早于开始日期")
        raise Invalid(text, fields={"until": text})
    period = "" if since or until else given["period"]
    since = since if not period else begins(period, clock.today())
    query = {name: str(value) for name, value in given.items() if value and name != "cursor"}
    if not period:
        query.pop("period")
    return Asked(Filter(given["kind"], since, until, given["text"] or ""), period, query)


def _own(request: Request) -> Consumption:
    return consumption(request.house, request.db, request.identity.member_id)


def _frame(request: Request) -> dict[str, Any]:
    return {"kinds": KINDS, "periods": PERIODS, "values": dict(request.GET), "errors": {}}


@view_config(
    route_name="orders.consumption",
    request_method="GET",
    renderer="orders/consumption.jinja2",
    permission="member",
)
def show(request: Request) -> dict[str, Any]:
    """A page of the list, by day, and the sums of all that the filter finds."""
    record = _own(request)
    try:
        found = asked(request)
        cursor = request.GET.get("cursor") or None
        rows, following = record.page(found.wanted, cursor)
    except Invalid as error:
        request.response.status_int = 422
        found = Asked(Filter(), "", {})
        nothing = {"asked": found, "days": [], "totals": Totals(), "names": {}, "next_cursor": None}
        errors = error.fields or {"": error.text}
        return {**_frame(request), **nothing, "errors": errors, "is_first": True}
    return {
        **_frame(request),
        "asked": found,
        "days": by_day(rows),
        "totals": record.totals(found.wanted),
        "names": record.products(rows),
        "next_cursor": following,
        "is_first": cursor is None,
    }


def by_day(rows: Sequence[Movement]) -> list[tuple[date, list[Movement]]]:
    """Rows under their days in China."""
    return [
        (day, list(group))
        for day, group in groupby(rows, lambda row: row.at.astimezone(clock.SHANGHAI).date())
    ]


@view_config(
    route_name="orders.consumption_print",
    request_method="GET",
    renderer="orders/consumption_print.jinja2",
    permission="member",
)
def printed(request: Request) -> dict[str, Any]:
    """For paper: no test names, so that it can be handed on."""
    record, found = _own(request), asked(request)
    rows, following = record.page(found.wanted, limit=MAX_PRINTED)
    return {
        "asked": found,
        "rows": rows,
        "totals": record.totals(found.wanted),
        "cut_off": following is not None,
        "kinds": KINDS,
        "periods": PERIODS,
        "today": clock.today(),
    }


@view_config(route_name="orders.consumption_file", request_method="GET", permission="member")
def export(request: Request) -> Response:
    """The filtered list as an Excel file; like the print, it names no test."""
    record, found = _own(request), asked(request)
    rows, following = record.page(found.wanted, limit=MAX_EXPORTED)
    say = partial(translate, request)
    headers = [_("时间"), _("类型"), _("说明"), _("单号"), _("订单号"), _("金额（元）")]
    lines = _lines(rows, say)
    if following is not None:
        lines = [*lines, [None, None, say(_("记录较多，只导出最近 10000 条，请缩小时间范围"))]]
    body = sheet(say(_("消费记录")), [say(text) for text in headers], lines)
    name = quote(f"{say(_('消费记录'))}-{clock.today().isoformat()}.xlsx")
    disposition = f"attachment; filename=consumption.xlsx; filename*=UTF-8''{name}"
    return Response(
        body,
        content_type=MEDIA_TYPE,
        headers={"Content-Disposition": disposition, "Cache-Control": "no-store"},
    )


def _lines(rows: Sequence[Movement], say: Callable[[str], str]) -> list[Sequence[Any]]:
    return [
        (
            row.at,
            say(KINDS[row.kind]),
            say(row.memo) if row.memo else "",
            row.number,
            row.order_number,
            Money(row.amount_fen),
        )
        for row in rows
    ]


@operation(
    "list_consumption",
    "GET",
    "/me/consumption",
    permission="member",
    query=ConsumptionQuery(),
    answer=ConsumptionOut(),
)
def list_consumption(request: Request) -> dict[str, Any]:
    """What one paid, got back and moved on the balance, newest first, with the sums of the filter."""
    query = request.query
    wanted = Filter(query["kind"], query["since"], query["until"], query["q"] or "")
    record = _own(request)
    rows, following = record.page(wanted, query["cursor"], query["limit"])
    totals = record.totals(wanted)
    return {
        "items": [_out(request, row) for row in rows],
        "next_cursor": following,
        "totals": {
            "spent_fen": totals.spent_fen,
            "refunded_fen": totals.refunded_fen,
            "net_fen": totals.net_fen,
            "balance_in_fen": totals.balance_in_fen,
            "balance_out_fen": totals.balance_out_fen,
            "count": totals.count,
        },
    }


def _out(request: Request, row: Movement) -> dict[str, Any]:
    memo = row.memo if row.kind == BALANCE and row.memo else KINDS[row.kind]
    return {
        "id": row.key,
        "kind": row.kind,
        "title": translate(request, memo),
        "amount_fen": row.amount_fen,
        "occurred_at": row.at,
        "number": row.number,
        "order_number": row.order_number,
    }
