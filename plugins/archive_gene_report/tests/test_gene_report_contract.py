from collections.abc import Callable, Sequence

import pytest

from suwen.hookspecs.archive import ArchiveType, Upload
from suwen.testing.archive import ArchiveTypeContract
from suwen.testing.documents import document
from suwen_archive_gene_report.archive_type import GeneReport


class TestGeneReportContract(ArchiveTypeContract):
    @pytest.fixture
    def archive_type(self) -> ArchiveType:
        return GeneReport()

    @pytest.fixture
    def good_uploads(self, make_report: Callable[..., bytes]) -> Sequence[Upload]:
        opening = b"/OpenAction [3 0 R /XYZ null null 0]"
        return [
            Upload("report.pdf", make_report()),
            Upload("pages.pdf", make_report(pages=12)),
            Upload("plain.pdf", document()),
            Upload("opens at the top.pdf", document(catalog=opening)),
        ]
