"""One conversation with an SMTP server, step by step.

The steps matter: before the letter's text is sent nothing can have been delivered, afterwards a
missing answer leaves it unknown. ``smtplib.SMTP.send_message`` would not tell the two apart.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Iterator, Mapping
from email.message import EmailMessage
from typing import Any, Final

from suwen.hookspecs.common import NotSent
from suwen.hookspecs.push import ChannelMisconfigured, Outcome, SendJob, SendResult
from suwen_push_email.settings import STARTTLS, TLS

TIMEOUT_S: Final = 10.0
OK: Final = 250
ALSO_OK: Final = 251
NO_MAILBOX: Final = frozenset({550, 551, 553})
BUSY: Final = frozenset({421, 450, 451, 452})
TEMPORARY: Final = range(400, 500)
PERMANENT: Final = range(500, 600)


@contextlib.contextmanager
def connect(settings: Mapping[str, Any]) -> Iterator[smtplib.SMTP]:
    """A session that is signed in.

    Raises ``NotSent`` where no server answers, ``ChannelMisconfigured`` where it refuses us.
    """
    try:
        session = _open(settings)
    except (smtplib.SMTPAuthenticationError, smtplib.SMTPNotSupportedError) as error:
        raise ChannelMisconfigured(f"the mail server refused: {type(error).__name__}") from None
    except ssl.SSLCertVerificationError:
        raise ChannelMisconfigured("the mail server's certificate is not trusted") from None
    except OSError as error:  # smtplib's own errors are of this kind, too
        raise NotSent(f"no mail server: {type(error).__name__}") from None
    try:
        yield session
    finally:
        # Everything is settled by now: how the server says goodbye changes nothing.
        with contextlib.suppress(OSError):
            session.quit()


def _open(settings: Mapping[str, Any]) -> smtplib.SMTP:
    where = (settings["host"], settings["port"])
    name = str(settings["sender"]).rpartition("@")[2]
    if settings["security"] == TLS:
        context = ssl.create_default_context()
        session: smtplib.SMTP = smtplib.SMTP_SSL(
            *where, local_hostname=name, timeout=TIMEOUT_S, context=context
        )
    else:
        session = smtplib.SMTP(*where, local_hostname=name, timeout=TIMEOUT_S)
    try:
        if settings["security"] == STARTTLS:
            session.starttls(context=ssl.create_default_context())
        if settings["username"]:
            session.login(settings["username"], settings["password"])
    except BaseException:
        session.close()
        raise
    return session


def deliver(session: smtplib.SMTP, job: SendJob, letter: EmailMessage) -> SendResult:
    """Hand one letter over.

    Raises ``NotSent`` when the connection breaks before the text of the letter was sent.
    """
    try:
        refused = _envelope(session, job, letter)
    except OSError as error:
        raise NotSent(f"the mail server hung up: {type(error).__name__}") from None
    if refused is not None:
        return refused
    try:
        code, _ = session.data(letter.as_bytes())
    except smtplib.SMTPDataError as error:
        code = error.smtp_code
    except OSError:
        return SendResult(job.delivery_id, Outcome.UNKNOWN, code="no_answer")
    if code == OK:
        return SendResult(
            job.delivery_id, Outcome.ACCEPTED, provider_id=letter["Message-ID"], code=str(code)
        )
    return _refusal(session, job, code, "data")


def _envelope(session: smtplib.SMTP, job: SendJob, letter: EmailMessage) -> SendResult | None:
    """Sender and recipient; None when both are accepted."""
    session.ehlo_or_helo_if_needed()
    code, _ = session.mail(letter["From"].addresses[0].addr_spec)
    if code != OK:
        return _refusal(session, job, code, "mail")
    code, _ = session.rcpt(letter["To"].addresses[0].addr_spec)
    if code in {OK, ALSO_OK}:
        return None
    return _refusal(session, job, code, "rcpt")


def _refusal(session: smtplib.SMTP, job: SendJob, code: int, step: str) -> SendResult:
    with contextlib.suppress(OSError):
        session.rset()  # the next job starts afresh, or finds the connection broken
    return SendResult(
        delivery_id=job.delivery_id,
        outcome=_outcome(code, step),
        code=f"{step}_{code}",
        retry_after_s=300 if code in BUSY else None,
    )


def _outcome(code: int, step: str) -> Outcome:
    if code in BUSY:
        return Outcome.THROTTLED
    if code in TEMPORARY:
        return Outcome.RETRY
    if step == "rcpt" and code in NO_MAILBOX:
        return Outcome.ADDRESS_GONE
    if code in PERMANENT:
        return Outcome.REJECTED
    # Nonsense: behind the letter's text nobody knows, before it nothing was delivered.
    return Outcome.UNKNOWN if step == "data" else Outcome.RETRY
