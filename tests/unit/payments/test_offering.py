import pytest

from suwen.hookspecs.payment import Denied, GatewayInfo, OfferContext
from suwen.kernel.plugins.host import PluginHost
from suwen.payments.services import payments
from tests.unit.payments import fakes
from tests.unit.payments.fakes import COUNTER, FAKE, REGION


@pytest.fixture(autouse=True)
def books_are_right():
    """No money moves here, and every test builds a house of its own."""


@pytest.fixture
def offer(database_url, tmp_path):
    """``offer(veto=…, other=…)`` gives the methods of a house with these vetoes."""
    built = []

    def act(veto=None, other=None, info=None, prepare=None, region=REGION, amount=1000):
        host = PluginHost(strict=True)
        fakes.register(host, FAKE, fakes.FakeGateway(info), veto=veto)
        fakes.register(host, COUNTER, fakes.CounterGateway(), veto=other)
        house = fakes.payment_house(database_url, tmp_path, host)
        built.append(house)
        with house.database.transaction() as db:
            if prepare:
                prepare(house, db)
            context = OfferContext(region, amount, "mail", None)
            return _methods(house, db, context)

    yield act
    for house in built:
        house.close()


def _methods(house, db, context):
    return payments(house, db).methods(context)


def reasons(methods):
    return {item.gateway: item.reason_code for item in methods.refused}


def test_what_a_region_offers(offer):
    methods = offer()

    assert [(m.gateway, m.title, m.creates) for m in methods.offered] == [
        (COUNTER, "柜台付款", "intent"),
        (FAKE, "测试支付", "order"),
    ]
    assert methods.refused == []


def test_position_decides_the_order(offer):
    def prepare(house, db):
        house.switch.set_state(db, REGION, FAKE, "enabled").position = 1
        db.flush()

    assert offer(prepare=prepare).offered[0].gateway == FAKE


def test_another_region_has_them_off(offer):
    methods = offer(region="100000")

    assert methods.offered == []
    assert reasons(methods) == {FAKE: "plugin_disabled", COUNTER: "plugin_disabled"}


def test_draining_offers_nothing_new(offer):
    methods = offer(prepare=lambda house, db: house.switch.set_state(db, REGION, FAKE, "draining"))

    assert reasons(methods) == {FAKE: "plugin_draining"}


def test_lost_settings(offer):
    def prepare(house, db):
        row = house.switch.set_state(db, REGION, FAKE, "enabled")
        row.config, row.secrets = {}, None
        db.flush()

    assert reasons(offer(prepare=prepare)) == {FAKE: "not_configured"}


@pytest.mark.parametrize(
    ("amount", "code"),
    [(99, "amount_too_small"), (501, "amount_too_large"), (100, None), (500, None)],
)
def test_limits_of_the_gateway(offer, amount, code):
    info = GatewayInfo(FAKE, "测试支付", min_fen=100, max_fen=500)

    assert reasons(offer(info=info, amount=amount)).get(FAKE) == code


def test_a_veto_hides_one_gateway(offer):
    methods = offer(other=fakes.denies("no_mail"))

    assert reasons(methods) == {FAKE: "no_mail"}
    assert methods.refusal(FAKE).reason == "不可用"
    assert methods.refusal(COUNTER) is None


def test_the_first_denial_counts_and_no_opinion_is_none(offer):
    methods = offer(veto=lambda gateway, context: None, other=fakes.denies("first"))

    assert reasons(methods) == {FAKE: "first"}


def raising(gateway, context):
    raise ZeroDivisionError


def test_a_veto_that_raises_denies_its_own_gateways_only(offer):
    methods = offer(other=raising)

    assert reasons(methods) == {COUNTER: "veto_failed"}
    assert [m.gateway for m in methods.offered] == [FAKE]


def test_a_veto_that_talks_nonsense_denies_its_own_gateways_only(offer):
    assert reasons(offer(veto=lambda gateway, context: True)) == {FAKE: "veto_failed"}


def test_the_veto_of_a_plugin_that_is_off_has_no_say(offer):
    methods = offer(
        other=fakes.denies("no"),
        prepare=lambda house, db: house.switch.set_state(db, REGION, COUNTER, "disabled"),
    )

    assert reasons(methods) == {COUNTER: "plugin_disabled"}


def test_a_veto_sees_the_settings_of_its_own_plugin_only(offer):
    seen = {}

    def spy(name):
        def veto(gateway, context):
            seen[name, gateway] = dict(context.settings)

        return veto

    offer(veto=spy("own"), other=spy("other"))

    assert seen["own", FAKE]["mchid"] == "1900"
    assert seen["other", FAKE] == {}


def test_a_veto_may_take_fewer_arguments(offer):
    def veto(context):
        return Denied("small", "x") if context.amount_fen == 1000 else None

    assert reasons(offer(other=veto)) == {COUNTER: "small", FAKE: "small"}
