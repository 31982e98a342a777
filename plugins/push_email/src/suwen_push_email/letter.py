"""The letter of one delivery: the same bytes however often it is made."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from suwen.hookspecs.push import SendJob
from suwen_push_email import addresses


class NotALetterError(Exception):
    """The job cannot become a letter; ``code`` says why."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


def message_id(job: SendJob, domain: str) -> str:
    """Fixed by the delivery, so that a repeated letter can be recognised as the same."""
    return f"<suwen-{job.delivery_id}@{domain}>"


def write(job: SendJob, settings: Mapping[str, Any]) -> EmailMessage:
    """The letter; raises ``NotALetterError`` for anything that would reach into its headers."""
    sender = addresses.canonical(settings["sender"])
    local, _, domain = sender.rpartition("@")
    letter = EmailMessage(policy=SMTP)
    letter["From"] = Address(settings["sender_name"], local, domain)
    letter["To"] = _recipient(job.address)
    letter["Subject"] = _subject(job.content.subject)
    letter["Date"] = job.created_at
    letter["Message-ID"] = message_id(job, domain)
    # RFC 3834: out-of-office robots do not answer such a letter.
    letter["Auto-Submitted"] = "auto-generated"
    parts = [job.content.text, job.content.link]
    # Base64, because not every server takes eight bits.
    letter.set_content("\n\n".join(filter(None, parts)) + "\n", charset="utf-8", cte="base64")
    return letter


def _recipient(address: str) -> Address:
    try:
        local, _, domain = addresses.canonical(address).rpartition("@")
    except ValueError:
        raise NotALetterError("address") from None
    return Address("", local, domain)


def _subject(subject: str) -> str:
    if any(unicodedata.category(letter) in {"Cc", "Zl", "Zp"} for letter in subject):
        raise NotALetterError("header_injection")
    return subject
