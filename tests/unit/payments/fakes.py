"""A provider in memory, its gateway, and a house that knows them."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import colander

from suwen import hookimpl
from suwen.hookspecs.common import PluginInfo
from suwen.hookspecs.payment import (
    CloseOutcome,
    CreateResult,
    Denied,
    GatewayEvent,
    GatewayInfo,
    HttpAnswer,
    Instructions,
    NotifyOutcome,
    OrderPolicy,
    PaymentFact,
    RefundRef,
    ShowQR,
    SignatureInvalid,
)
from suwen.kernel import clock
from suwen.kernel.plugins.host import PluginHost
from suwen.payments.payable import Payable
from tests.unit.ledger import houses

FAKE, COUNTER = "payment_fake", "payment_counter"
REGION = "4306"


class FakeSettings(colander.MappingSchema):
    mchid = colander.SchemaNode(colander.String())
    key = colander.SchemaNode(colander.String(), secret=True)


class NoSettings(colander.MappingSchema):
    intent_days = colander.SchemaNode(colander.Integer(), missing=7)


class FakeGateway:
    """``books`` is the provider's own record; ``raises`` and ``hooks`` disturb the next call."""

    settings_schema = FakeSettings

    def __init__(self, info=None):
        self.info = info or GatewayInfo(FAKE, "测试支付", refund_interval_s=0)
        self.books, self.refunds = {}, {}
        self.raises, self.hooks, self.calls = {}, {}, []
        self.close_outcome = None
        self.refund_fact = PaymentFact.REFUND_SUCCEEDED

    def _called(self, name, ctx, argument):
        self.calls.append((name, ctx.settings.get("mchid"), argument))
        if name in self.hooks:
            self.hooks.pop(name)()
        if self.raises.get(name):
            raise self.raises[name].pop(0)

    def create(self, ctx, req):
        self._called("create", ctx, req)
        self.books.setdefault(req.out_trade_no, ["NOTPAY", req.amount_fen])
        return CreateResult(ShowQR(f"https://pay.example/{req.out_trade_no}"), {"sent": "1"})

    def pay(self, number):
        self.books[number][0] = "PAID"

    def query(self, ctx, ref):
        if isinstance(ref, RefundRef):
            self._called("query_refund", ctx, ref)
            fact = self.refunds.get(ref.out_refund_no, PaymentFact.NOT_FOUND)
            return self._refunded(ref, fact)
        self._called("query", ctx, ref)
        state, amount = self.books.get(ref.out_trade_no, ("NONE", None))
        fact = {
            "NONE": PaymentFact.NOT_FOUND,
            "NOTPAY": PaymentFact.PENDING,
            "PAID": PaymentFact.CAPTURED,
            "CLOSED": PaymentFact.CLOSED,
            "ERROR": PaymentFact.FAILED,
        }[state]
        return event(ref.out_trade_no, amount, fact, f"q:{ref.out_trade_no}:{state}", source="poll")

    def close(self, ctx, ref):
        self._called("close", ctx, ref)
        if self.close_outcome is not None:
            return self.close_outcome
        book = self.books.get(ref.out_trade_no)
        if book is None:
            return CloseOutcome.NOT_FOUND
        if book[0] == "PAID":
            return CloseOutcome.ALREADY_PAID
        book[0] = "CLOSED"
        return CloseOutcome.CLOSED

    def refund(self, ctx, ref):
        self._called("refund", ctx, ref)
        self.refunds[ref.out_refund_no] = self.refund_fact
        return self._refunded(ref, self.refund_fact)

    def _refunded(self, ref, fact):
        number = ref.attempt.out_trade_no
        made = refund_event(number, ref.out_refund_no, ref.amount_fen, fact)
        return replace(made, gateway=self.info.code)

    def parse_notification(self, ctx, req):
        """``key number amount event_id`` in the body."""
        key, number, amount, event_id = req.body.decode().split()
        if key != ctx.settings["key"]:
            raise SignatureInvalid
        return [event(number, int(amount), event_id=event_id)]

    def answer(self, outcome):
        good = {NotifyOutcome.ACCEPTED, NotifyOutcome.DUPLICATE}
        bad = 401 if outcome is NotifyOutcome.SIGNATURE_INVALID else 500
        return HttpAnswer(200 if outcome in good else bad, outcome.value.encode(), "text/plain")

    def check(self, ctx):
        return []


class CounterGateway(FakeGateway):
    settings_schema = NoSettings

    def __init__(self):
        super().__init__(
            GatewayInfo(
                COUNTER,
                "柜台付款",
                order_policy=OrderPolicy.AFTER_CONFIRMATION,
                flow="instructions",
                refund_interval_s=0,
                moves_money_itself=False,
            )
        )

    def create(self, ctx, req):
        super().create(ctx, req)
        return CreateResult(Instructions(f"请出示 {req.out_trade_no}"))


def event(number, amount, fact=PaymentFact.CAPTURED, event_id="e1", **more):
    return GatewayEvent(
        gateway=FAKE,
        event_id=event_id,
        fact=fact,
        out_trade_no=number,
        amount_fen=amount,
        occurred_at=clock.now(),
        provider_trade_no=more.pop("trade_no", f"T{number}"),
        **more,
    )


def refund_event(number, refund_no, amount, fact=PaymentFact.REFUND_SUCCEEDED, event_id=None):
    made = event(number, amount, fact, event_id or f"r:{refund_no}:{fact.value}")
    return replace(made, out_refund_no=refund_no)


class Plugin(SimpleNamespace):
    """A plugin module made by hand."""


def register(host, plugin_id, *gateways, veto=None):
    hooks = {
        "plugin_info": PluginInfo(plugin_id, plugin_id, "payment"),
        "suwen_payment_gateways": lambda: list(gateways),
    }
    if veto is not None:
        hooks["suwen_payment_veto"] = hookimpl(veto)
    host.register(plugin_id, Plugin(**hooks), "1")


def denies(code):
    return lambda gateway, context: Denied(code, "不可用") if gateway == FAKE else None


def payment_house(url, folder, host=None):
    """A house with the gateways of ``host`` switched on in 岳阳."""
    if host is None:
        host = PluginHost(strict=True)
        register(host, FAKE, FakeGateway())
        register(host, COUNTER, CounterGateway())
    made = houses.build(url, folder, host)
    with made.database.transaction() as session:
        item = host.gateways.get(FAKE)
        made.switch.store_settings(session, REGION, item, {"mchid": "1900", "key": "k1"})
        for plugin in (FAKE, COUNTER):
            made.switch.set_state(session, REGION, plugin, "enabled")
    return made


def fake(house):
    return house.host.gateways.get(FAKE).obj


def payable(number=1, amount=129_900, **more):
    values = {"member_id": 7, "region": REGION, "collection_method": "mail", **more}
    return Payable("order", number, f"SW{number}", amount, **values)


def later(moment, **delta):
    return moment + timedelta(**delta)
