"""Why a document is refused, for machines and for people."""

from __future__ import annotations

from typing import Final

from suwen.hookspecs.archive import UploadRefused
from suwen_archive_gene_report.i18n import _

REASONS: Final = {
    "empty": _("文件是空的，请重新选择"),
    "too_large": _("文件太大，请联系检验机构提供较小的版本"),
    "not_pdf": _("这不是 PDF 文件。文件内容必须以 PDF 标记开头，只改扩展名无效"),
    "polyglot": _("文件同时含有网页内容，可能是伪装的文件，已拒收"),
    "trailing_data": _("PDF 结尾之后还有其他数据，可能是伪装的文件，已拒收"),
    "malformed": _("PDF 结构损坏，无法读取，请向检验机构索取完整文件"),
    "encrypted": _("PDF 已加密，请提供没有密码和权限限制的版本"),
    "javascript": _("PDF 含有脚本（JavaScript），已拒收"),
    "open_action": _("PDF 含有打开时自动执行的动作（OpenAction），已拒收"),
    "additional_action": _("PDF 含有自动触发的动作（AA），已拒收"),
    "launch": _("PDF 含有启动程序的动作（Launch），已拒收"),
    "submit_form": _("PDF 含有提交或导入表单数据的动作（SubmitForm），已拒收"),
    "external_link": _("PDF 含有指向外部网址或文件的动作，已拒收"),
    "embedded_file": _("PDF 内嵌了其他文件（EmbeddedFile），已拒收"),
    "rich_media": _("PDF 含有音频、视频或三维等多媒体内容（RichMedia），已拒收"),
    "xfa": _("PDF 含有 XFA 动态表单，已拒收"),
    "no_pages": _("PDF 没有任何页面"),
    "too_many_pages": _("PDF 页数超过限制"),
    "too_heavy": _("PDF 过于复杂或解压后过大，无法在限定的时间和内存内检查，已拒收"),
}


def refusal(code: str) -> UploadRefused:
    """The refusal of this code, to be raised."""
    return UploadRefused(code, REASONS[code])
