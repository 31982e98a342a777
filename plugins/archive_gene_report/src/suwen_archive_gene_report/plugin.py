"""Entry point of the plugin ``archive_gene_report``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from suwen import hookimpl
from suwen.hookspecs.archive import ArchiveType
from suwen.hookspecs.common import PluginInfo
from suwen_archive_gene_report.archive_type import GeneReport
from suwen_archive_gene_report.i18n import _

plugin_info: Final = PluginInfo(
    id="archive_gene_report",
    title=_("基因检测报告"),
    family="archive",
    description=_("检验机构出具的 PDF 基因检测报告：检测类型、报告分类、文件安全检查与信息识别"),
)


@hookimpl
def suwen_archive_types() -> Sequence[ArchiveType]:
    """The one archive type of this plugin, with its test types."""
    return (GeneReport(),)
