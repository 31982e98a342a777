"""The way in for providers. No session, no CSRF: the gateway verifies the signature.

The answer leaves after the commit (the transaction's tween is outside the view), so that a process
which dies in between answers nothing, and the provider's next try is a duplicate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog
from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response
from pyramid.view import view_config
from pyramid_retry import is_last_attempt, mark_error_retryable
from sqlalchemy.exc import IntegrityError, OperationalError

from suwen.accounts.network import client_address, network_of
from suwen.hookspecs.payment import NotifyOutcome, NotifyRequest
from suwen.kernel import clock
from suwen.kernel.errors import TooMany
from suwen.kernel.ratelimit import Limit
from suwen.payments import notifying
from suwen.payments.services import payments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyramid.request import Request

    from suwen.hookspecs.payment import GatewayEvent, PaymentGateway
    from suwen.kernel.plugins.registry import Registered

log = structlog.get_logger(__name__)

LOST: Final = (OperationalError, IntegrityError)
"""A lock that was not to be had, a deadlock, a lost race: at once again, then told as a failure."""
REFUSED: Final = Limit("payments.notify_refused", 300, 60)
"""Refused notifications of one network in a minute; providers themselves are refused rarely."""


@view_config(
    route_name="payments.notify", request_method="POST", permission="public", require_csrf=False
)
def notify(request: Request) -> Response:
    """Verify, apply, answer in the gateway's own words. The regional switch is not asked."""
    item = request.house.host.gateways.find(request.matchdict["gateway"])
    if item is None:
        return _tombstone(request)
    body = _body(request)
    if body is None:
        return Response(status=413)
    network, region = network_of(client_address(request)), request.matchdict["region"]
    with request.house.database.snapshot() as db:
        if request.house.limiter.used(db, REFUSED, network) >= REFUSED.hits:
            return Response(status=429, headers={"Retry-After": str(REFUSED.seconds)})
        found = notifying.read(request.house, db, item, region, _sent(request, body))
    if isinstance(found, NotifyOutcome):
        return _refused(request, item, found, network)
    return _applied(request, item, found)


def _sent(request: Request, body: bytes) -> NotifyRequest:
    return NotifyRequest(
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        query=request.query_string,
        remote_addr=client_address(request),
        received_at=clock.now(),
    )


def _body(request: Request) -> bytes | None:
    """The raw body, or None when it is larger than any notification.

    ``request.body`` can be read again, when the request is tried again after a lost lock.
    """
    if (request.content_length or 0) > notifying.MAX_BODY:
        return None
    body: bytes = request.body
    return body if len(body) <= notifying.MAX_BODY else None


def _refused(
    request: Request, item: Registered[PaymentGateway], outcome: NotifyOutcome, network: str
) -> Response:
    log.warning("payments.notify_refused", gateway=item.code, outcome=outcome.value)
    request.tm.doom()
    try:
        request.house.limiter.hit(request.db, REFUSED, network)
    except TooMany as error:
        return Response(status=429, headers={"Retry-After": str(error.retry_after_s)})
    return _response(item, outcome)


def _applied(
    request: Request, item: Registered[PaymentGateway], events: Sequence[GatewayEvent]
) -> Response:
    service, region = request.find(payments), request.matchdict["region"]
    try:
        outcomes = [service.apply_event(event, region=region) for event in events]
    except Exception as error:
        if isinstance(error, LOST) and not is_last_attempt(request):
            mark_error_retryable(error)
            raise
        log.exception("payments.notify_failed", gateway=item.code)
        # Some providers want a failure in a 200: only dooming keeps it from being committed.
        request.tm.doom()
        return _response(item, NotifyOutcome.FAILED)
    # What could not be applied is kept all the same, so that it can be tried again.
    request.environ["suwen.commit"] = True
    return _response(item, notifying.worst(outcomes))


def _response(item: Registered[PaymentGateway], outcome: NotifyOutcome) -> Response:
    answer = notifying.answered(item, outcome)
    response = Response(status=answer.status, body=answer.body)
    response.content_type, _, parameters = answer.content_type.partition(";")
    response.charset = "utf-8" if "utf-8" in parameters.lower() else None
    return response


def _tombstone(request: Request) -> Response:
    """The plugin was removed: while payments of it stand, its provider shall try again later."""
    if request.find(payments).knows_gateway(request.matchdict["gateway"]):
        log.error("payments.notify_uninstalled", gateway=request.matchdict["gateway"])
        return Response(status=503)
    raise HTTPNotFound
