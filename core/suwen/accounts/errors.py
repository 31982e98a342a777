"""What can go wrong with accounts. Nothing here tells whether an address is known."""

from __future__ import annotations

from suwen.kernel.errors import Conflict, Forbidden, Invalid, SuwenError
from suwen.kernel.i18n import _


class BadAddress(Invalid):
    """Neither a phone number nor an e-mail address."""

    code = "bad_address"
    message = _("请填写正确的手机号或邮箱")

    def __init__(self, field: str = "address") -> None:
        """Put the message beside ``field``."""
        super().__init__(fields={field: self.message})


class WrongCode(Invalid):
    """The one-time code is wrong, used, over, or was tried too often."""

    code = "wrong_code"
    message = _("验证码不正确或已过期，请重新获取")

    def __init__(self) -> None:
        """Put the message beside the code."""
        super().__init__(fields={"code": self.message})


class WrongCodes(Invalid):
    """One or both codes of a change at two ends."""

    code = "wrong_code"
    message = WrongCode.message

    def __init__(self, *fields: str) -> None:
        """Put the message beside each wrong one."""
        super().__init__(fields=dict.fromkeys(fields, self.message))


class OwnAddress(Invalid):
    """The new address is one that the member has already."""

    code = "own_address"
    message = _("这已经是您的登录方式，请填写新的手机号或邮箱")

    def __init__(self) -> None:
        """Put the message beside the address."""
        super().__init__(fields={"address": self.message})


class LastLogin(Conflict):
    """The only address that is left cannot go: nobody could sign in or be told anything."""

    code = "last_login"
    message = _("至少要保留一个手机号或邮箱，请先绑定新的")


class TooManyLogins(Conflict):
    """More ways to sign in than anybody needs."""

    code = "too_many_logins"
    message = _("登录方式太多，请先解绑不用的")


class StaffNeedTotp(Conflict):
    """Whoever works here keeps the second factor."""

    code = "staff_need_totp"
    message = _("工作人员必须使用两步验证，可以更换，不能关闭")


class NoTotp(Conflict):
    """What is asked for needs the second factor to be on."""

    code = "no_totp"
    message = _("请先开启两步验证")


class WeakPassword(Invalid):
    """The password is too short, too long or on every attacker's list."""

    code = "weak_password"
    message = _("密码不够安全")

    def __init__(self, text: str) -> None:
        """Say what is missing beside the password."""
        super().__init__(text, fields={"password": text})


class AddressTaken(Conflict):
    """The address, which the caller has just proved to own, has an account already."""

    code = "address_taken"
    message = _("这个手机号或邮箱已经注册，请直接登录")

    def __init__(self) -> None:
        """Put the message beside the address."""
        super().__init__(fields={"address": self.message})


class SignInFailed(SuwenError):
    """Wrong address, password or code: the answer is the same for all of them."""

    status = 401
    code = "sign_in_failed"
    message = _("账号、密码或验证码不正确")


class TotpRequired(SuwenError):
    """The first factor is right, the account wants its second."""

    status = 401
    code = "totp_required"
    message = _("请输入身份验证器中的 6 位动态码")


class WrongTotp(SuwenError):
    """The second factor is wrong or was used already."""

    status = 401
    code = "wrong_totp"
    message = _("动态码不正确或已使用，请等待下一个")


class InvalidToken(SuwenError):
    """A refresh token that is unknown, over or was used before."""

    status = 401
    code = "invalid_token"
    message = _("登录已失效，请重新登录")


class StepUpRequired(Forbidden):
    """Sensitive: the member has to prove himself again."""

    code = "step_up_required"
    message = _("为保护您的隐私，请再次验证身份")


class ConsentRequired(Conflict):
    """The subject has not agreed to the present text of a purpose."""

    code = "consent_required"
    message = _("继续之前需要您的授权同意")

    def __init__(self, purpose: str) -> None:
        """Name the purpose."""
        super().__init__()
        self.purpose = purpose


class NotWithdrawable(Conflict):
    """The consent is the contract itself: it ends with the account."""

    code = "not_withdrawable"
    message = _("这项同意是使用账户的前提，撤回请注销账户")


class AgreementNeeded(Invalid):
    """The user agreement was not ticked."""

    code = "agreement_needed"
    message = _("请阅读并同意用户协议与隐私政策")

    def __init__(self) -> None:
        """Put the message beside the tick."""
        super().__init__(fields={"agree": self.message})
