"""What can go wrong between administrators. Whoever stands elsewhere in the tree is not found."""

from __future__ import annotations

from collections.abc import Sequence

from suwen.kernel.errors import Conflict, Forbidden, Invalid
from suwen.kernel.i18n import _


class BeyondOwnRights(Forbidden):
    """Nobody gives what he does not hold himself, there."""

    code = "beyond_own_rights"
    message = _("只能授予您自己在该范围内拥有的权限")

    def __init__(self, field: str, missing: Sequence[str] = ()) -> None:
        """Put the message beside ``field``; ``missing`` names the permissions."""
        super().__init__(fields={field: self.message})
        self.missing = tuple(missing)


class NotOneself(Forbidden):
    """Nobody changes his own roles."""

    code = "not_oneself"
    message = _("不能更改自己的角色或上级")


class SomebodyElses(Conflict):
    """He is staff already, and stands below somebody else."""

    code = "somebody_elses"
    message = _("此人已是其他管理员的下级，请由其上级处理")

    def __init__(self, field: str = "address") -> None:
        """Put the message beside ``field``."""
        super().__init__(fields={field: self.message})


class LastAdministrator(Conflict):
    """A site without a platform administrator could be governed by nobody."""

    code = "last_administrator"
    message = _("这是最后一名平台管理员，不能撤销、停用或锁定")


class RolesApart(Conflict):
    """Who reads the audit log does nothing else (等保 2.0 8.1.4.2 d)."""

    code = "roles_apart"
    message = _("审计权限必须与其他权限分离，不能由同一人或同一角色兼有")

    def __init__(self, field: str = "role") -> None:
        """Put the message beside ``field``."""
        super().__init__(fields={field: self.message})


class Stale(Conflict):
    """Somebody else has changed it since the form was shown."""

    code = "stale"
    message = _("内容已被他人修改。请核对下面的最新内容，再重新提交")


class BadRole(Invalid):
    """A role that does not exist, is retired or cannot be given in this way."""

    code = "bad_role"
    message = _("请选择可以授予的角色")

    def __init__(self, text: str | None = None, field: str = "role") -> None:
        """Put the message beside ``field``."""
        super().__init__(text, fields={field: text or self.message})


class BadBranch(Invalid):
    """A branch that does not exist, is closed or cannot be used in this way."""

    code = "bad_branch"
    message = _("请选择开放的分支机构")

    def __init__(self, text: str | None = None, field: str = "branch") -> None:
        """Put the message beside ``field``."""
        super().__init__(text, fields={field: text or self.message})


class HeldByOthers(Conflict):
    """A role is held by somebody who does not stand below the one who would change it."""

    code = "held_by_others"
    message = _("有不属于您下级的人持有这个角色，只能由他们共同的上级更改")


class StillOpen(Conflict):
    """A branch that still has staff, members or collection points is not closed."""

    code = "still_open"
    message = _("该机构还有未转移的内容：${what}")

    def __init__(self, what: str) -> None:
        """Name what is left."""
        super().__init__(_("该机构还有未转移的内容：${what}", mapping={"what": what}))


class Circle(Conflict):
    """The tree of administrators stays a tree."""

    code = "circle"
    message = _("不能移到自己或自己的下级之下")

    def __init__(self) -> None:
        """Put the message beside the parent."""
        super().__init__(fields={"parent": self.message})
