"""What a provider's code means for a delivery.

Messages of providers are not kept: they repeat phone numbers and even the text that was signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from suwen.hookspecs.push import ChannelMisconfigured, Outcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome, and how long to wait where waiting helps."""

    outcome: Outcome
    retry_after_s: int | None = None
    misconfigured: bool = False


ACCEPTED: Final = Verdict(Outcome.ACCEPTED)
REJECTED: Final = Verdict(Outcome.REJECTED)
ADDRESS_GONE: Final = Verdict(Outcome.ADDRESS_GONE)
UNKNOWN: Final = Verdict(Outcome.UNKNOWN)
MISCONFIGURED: Final = Verdict(Outcome.RETRY, misconfigured=True)
"""Credentials, balance or signature: nothing can be sent until staff put it right."""


def _throttled(seconds: int) -> Verdict:
    return Verdict(Outcome.THROTTLED, retry_after_s=seconds)


# A code not listed is looked up by what stands before its last dot, then again.
ALIYUN: Final[Mapping[str, Verdict]] = {
    "OK": ACCEPTED,
    "isv.BUSINESS_LIMIT_CONTROL": _throttled(60),
    "Throttling": _throttled(10),
    "ServiceUnavailable": _throttled(30),
    "isv.MOBILE_NUMBER_ILLEGAL": ADDRESS_GONE,
    "isp.SYSTEM_ERROR": UNKNOWN,
    "InternalError": UNKNOWN,
    "isv.DAY_LIMIT_CONTROL": MISCONFIGURED,
    "isv.MONTH_LIMIT_CONTROL": MISCONFIGURED,
    "isv.AMOUNT_NOT_ENOUGH": MISCONFIGURED,
    "isv.OUT_OF_SERVICE": MISCONFIGURED,
    "isv.PRODUCT_UN_SUBSCRIPT": MISCONFIGURED,
    "isv.PRODUCT_UNSUBSCRIBE": MISCONFIGURED,
    "isv.ACCOUNT_NOT_EXISTS": MISCONFIGURED,
    "isv.ACCOUNT_ABNORMAL": MISCONFIGURED,
    "isv.DENY_IP_RANGE": MISCONFIGURED,
    "isv.SMS_SIGNATURE_ILLEGAL": MISCONFIGURED,
    "isv.SMS_SIGN_ILLEGAL": MISCONFIGURED,
    "isv.SIGN_STATE_ILLEGAL": MISCONFIGURED,
    "isp.RAM_PERMISSION_DENY": MISCONFIGURED,
    "InvalidAccessKeyId": MISCONFIGURED,
    "SignatureDoesNotMatch": MISCONFIGURED,
    "IncompleteSignature": MISCONFIGURED,
    "InvalidTimeStamp": MISCONFIGURED,
    "Forbidden": MISCONFIGURED,
}
TENCENT: Final[Mapping[str, Verdict]] = {
    "Ok": ACCEPTED,
    "LimitExceeded": _throttled(60),
    "LimitExceeded.PhoneNumberThirtySecondLimit": _throttled(30),
    "LimitExceeded.PhoneNumberOneHourLimit": _throttled(3600),
    "LimitExceeded.PhoneNumberDailyLimit": _throttled(86_400),
    "LimitExceeded.PhoneNumberSameContentDailyLimit": _throttled(86_400),
    "LimitExceeded.AppDailyLimit": MISCONFIGURED,
    "RequestLimitExceeded": _throttled(10),
    "FailedOperation.PhoneNumberInBlacklist": ADDRESS_GONE,
    "InvalidParameterValue.IncorrectPhoneNumber": ADDRESS_GONE,
    "InternalError": UNKNOWN,
    "AuthFailure": MISCONFIGURED,
    "UnauthorizedOperation": MISCONFIGURED,
    "FailedOperation.InsufficientBalanceInSmsPackage": MISCONFIGURED,
    "FailedOperation.SignatureIncorrectOrUnapproved": MISCONFIGURED,
    "InvalidParameterValue.SdkAppIdNotExist": MISCONFIGURED,
}


def judge(table: Mapping[str, Verdict], code: str) -> Verdict:
    """What a code means; raises ``ChannelMisconfigured`` where only staff can help."""
    name = code
    while name not in table and "." in name:
        name = name.rpartition(".")[0]
    verdict = table.get(name, REJECTED)
    if verdict.misconfigured:
        raise ChannelMisconfigured(f"the provider answered {code[:60]}")
    return verdict
