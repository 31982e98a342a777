import colander
import pytest
from hypothesis import given
from hypothesis import strategies as st

from suwen.forms import names
from suwen.forms.names import BadName, PersonName, PublicName, person, public
from suwen.forms.schemas import validated
from suwen.kernel.errors import Invalid


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("王小明", "王小明"),
        ("　欧阳 静怡 ", "欧阳 静怡"),
        ("迪丽热巴·迪力木拉提", "迪丽热巴·迪力木拉提"),
        ("Zoe\u0308 O’Neill-Smith", "Zoë O’Neill-Smith"),
        ("王伟2", "王伟2"),
        ("Анна Каренина", "Анна Каренина"),
        ("山田ひろし", "山田ひろし"),
        ("ئابدۇللا", "ئابدۇللا"),
        ("བསྟན་འཛིན", None),
    ],
)
def test_names_of_people_stay_as_they_are_written(typed, kept):
    if kept is None:
        with pytest.raises(BadName):
            person(typed)
    else:
        assert person(typed) == kept


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("王\u200b小明", names.INVISIBLE),
        ("王\u202e明小", names.INVISIBLE),
        ("\ufeff王小明", names.INVISIBLE),
        ("王\u3164", names.INVISIBLE),
        ("王\ue000", names.INVISIBLE),
        ("W\u0430ng", names.MIXED),
        ("王\u0430", names.MIXED),
        ("\u03b1bc", names.MIXED),
        ("𝐖ang", names.UNUSUAL),
        ("⼯⼈", names.EMPTY),
        ("王😀", names.UNUSUAL),
        ("王<b>", names.UNUSUAL),
        ("a\u0301\u0302\u0303\u0304b", names.UNUSUAL),
        ("...", names.EMPTY),
    ],
)
def test_tricks_are_told_beside_the_field(typed, text):
    with pytest.raises(BadName) as error:
        person(typed)
    assert error.value.fields == {"real_name": text}


@pytest.mark.parametrize(
    "typed",
    [
        "岳阳某某公司（北京）",
        "中国·长沙 2 号院",
        "AT&T 中国",
        "系统工程有限公司",
        "客服外包（岳阳）有限公司",
        "Admin Solutions Ltd.",
        "财务软件公司",
    ],
)
def test_public_names_of_real_groups_pass(typed):
    assert public(typed) == typed


@pytest.mark.parametrize(
    "typed",
    [
        "管理员",
        "管 理 员",
        "客服",
        "客服01",
        "【系统消息】",
        "素问",
        "素问健康",
        "Suwen 团队",
        "ＡＤＭＩＮ",
        "Admin",
        "a.d.m.i.n",
        "adm1n",
        "\u0430dmin",
        "\u0455\u0443\u0455\u0442\u0435\u043c",
        "r00t",
        "某某官方",
    ],
)
def test_public_names_do_not_pass_for_the_house(typed):
    with pytest.raises(BadName) as error:
        public(typed)
    assert set(error.value.fields) == {"name"}


class Both(colander.MappingSchema):
    real_name = colander.SchemaNode(PersonName(), validator=colander.Length(max=60))
    name = colander.SchemaNode(PublicName(), validator=colander.Length(max=80), missing=None)


def test_the_types_clean_and_refuse_in_schemas():
    assert validated(Both(), {"real_name": " 王小明 "}) == {"real_name": "王小明", "name": None}
    with pytest.raises(Invalid) as error:
        validated(Both(), {"real_name": "王\u200b", "name": "admin"})
    assert error.value.fields == {"real_name": names.INVISIBLE, "name": names.RESERVED}
    with pytest.raises(Invalid) as error:
        validated(Both(), {"real_name": "王" * 61, "name": "\x00"})
    assert set(error.value.fields) == {"real_name", "name"}
    with pytest.raises(colander.Invalid):
        Both().deserialize({"real_name": 5})


@given(st.text(max_size=40))
def test_whatever_comes_is_cleaned_or_refused_and_cleaning_ends(text):
    for clean in (person, public):
        try:
            once = clean(text)
        except BadName:
            continue
        assert clean(once) == once
