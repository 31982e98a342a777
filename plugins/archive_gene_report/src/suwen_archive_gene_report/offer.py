"""What the laboratory does: report categories and the tests that lead to them."""

from __future__ import annotations

from typing import Final

from suwen.hookspecs.archive import ReportCategory, TestType
from suwen_archive_gene_report.i18n import _

ARCHIVE_TYPE: Final = "gene_report"
CONSTITUTION_FORM: Final = "t157-2009-adult"

CATEGORIES: Final = (
    ReportCategory("drug_response", _("药物基因")),
    ReportCategory("carrier", _("遗传病携带者筛查")),
    ReportCategory("tumour", _("肿瘤风险")),
    ReportCategory("chronic", _("慢病风险")),
    ReportCategory("nutrition", _("营养代谢")),
    ReportCategory("reproductive", _("孕育健康")),
    ReportCategory("child", _("儿童健康")),
    ReportCategory("sport", _("运动特质")),
    ReportCategory("skin", _("皮肤特质")),
)


def _swab(code: str, title: str, *categories: str, lead_days: int, **more: object) -> TestType:
    """A test on cells of the cheek, which people can take themselves at home."""
    return _test(code, title, "oral_swab", _("口腔拭子"), categories, lead_days, **more)


def _blood(code: str, title: str, *categories: str, lead_days: int, **more: object) -> TestType:
    """A test on blood, which only staff at a point can take."""
    more.setdefault("collection_methods", ("on_site",))
    return _test(code, title, "venous_blood", _("静脉血"), categories, lead_days, **more)


def _test(
    code: str,
    title: str,
    specimen: str,
    specimen_title: str,
    categories: tuple[str, ...],
    lead_days: int,
    **more: object,
) -> TestType:
    return TestType(
        code=code,
        title=title,
        specimen=specimen,
        specimen_title=specimen_title,
        archive_type=ARCHIVE_TYPE,
        categories=categories,
        lead_days=lead_days,
        **more,  # type: ignore[arg-type]
    )


# Talent tests for minors are not offered: 未成年人网络保护条例. Children get tests for safety only.
TEST_TYPES: Final = (
    _swab("drug_response", _("药物基因检测"), "drug_response", lead_days=10),
    _swab("tumour_risk", _("肿瘤风险基因检测"), "tumour", lead_days=15),
    _blood("carrier_screening", _("遗传病携带者筛查"), "carrier", "reproductive", lead_days=20),
    _swab("chronic_risk", _("慢病风险基因检测"), "chronic", lead_days=12),
    _swab(
        "nutrition",
        _("营养代谢基因检测"),
        "nutrition",
        lead_days=10,
        questionnaires=(CONSTITUTION_FORM,),
    ),
    _swab("folate", _("叶酸代谢基因检测"), "nutrition", "reproductive", lead_days=7),
    _swab("child_safety", _("儿童用药安全基因检测"), "child", lead_days=10, minors_allowed=True),
    _swab("sport_traits", _("运动特质基因检测"), "sport", lead_days=10),
    _swab("skin_traits", _("皮肤特质基因检测"), "skin", lead_days=10),
    _blood(
        "whole_exome",
        _("全外显子组检测"),
        "carrier",
        "tumour",
        "drug_response",
        lead_days=30,
    ),
)

TITLES: Final = {test.code: test.title for test in TEST_TYPES}

ENGLISH: Final = {
    "drug_response": "Drug response",
    "tumour_risk": "Tumour risk",
    "carrier_screening": "Carrier screening",
    "chronic_risk": "Chronic disease risk",
    "nutrition": "Nutrition and metabolism",
    "folate": "Folate metabolism",
    "child_safety": "Safe medication for children",
    "sport_traits": "Sport traits",
    "skin_traits": "Skin traits",
    "whole_exome": "Whole exome",
}
