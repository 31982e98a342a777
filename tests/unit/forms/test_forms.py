from __future__ import annotations

import re

import colander
import pytest
from deform.exception import TemplateError
from deform.widget import RichTextWidget, TextAreaWidget
from pyramid.config import Configurator
from pyramid.csrf import CookieCSRFStoragePolicy
from pyramid.request import Request, apply_request_extensions

from suwen.forms import FormError, button, form_for, rendering, schemas
from suwen.forms.widgets import (
    CheckboxChoiceWidget,
    FileWidget,
    MoneyWidget,
    PasswordWidget,
    RadioChoiceWidget,
    SelectWidget,
    default_widget,
)
from suwen.kernel.errors import Invalid
from suwen.kernel.i18n import _

SEXES = [("m", _("男")), ("f", _("女"))]


class Words(colander.SequenceSchema):
    word = colander.SchemaNode(colander.String(), title=_("关键词"))


class Address(colander.Schema):
    city = colander.SchemaNode(colander.String(), title=_("城市"))


class Everything(colander.Schema):
    name = colander.SchemaNode(
        colander.String(),
        title=_("姓名"),
        description=_("与证件一致"),
        validator=colander.Length(max=20),
    )
    email = colander.SchemaNode(colander.String(), title=_("邮箱"), validator=colander.Email())
    days = colander.SchemaNode(
        colander.Integer(strict=True), title=_("天数"), validator=colander.Range(1, 30)
    )
    price = colander.SchemaNode(schemas.Fen(), title=_("价格"))
    limit = colander.SchemaNode(schemas.Yuan(), title=_("限额"), missing=None)
    born = colander.SchemaNode(colander.Date(), title=_("出生日期"))
    sex = colander.SchemaNode(
        colander.String(), title=_("性别"), widget=RadioChoiceWidget(values=SEXES)
    )
    plan = colander.SchemaNode(
        colander.String(), title=_("方案"), validator=colander.OneOf(["a", "b"])
    )
    tags = colander.SchemaNode(
        colander.Set(), title=_("标签"), widget=CheckboxChoiceWidget(values=SEXES), missing=()
    )
    active = colander.SchemaNode(schemas.StrictBoolean(), title=_("启用"), missing=False)
    note = colander.SchemaNode(
        colander.String(), title=_("备注"), missing="", widget=TextAreaWidget(rows=3)
    )
    key = colander.SchemaNode(colander.String(), title=_("密钥"), secret=True)
    pem = colander.SchemaNode(
        colander.String(), title=_("私钥"), secret=True, widget=TextAreaWidget(rows=4)
    )
    address = Address(title=_("地址"))
    words = Words(title=_("关键词"), missing=())


GOOD = [
    ("name", "王小明"),
    ("email", "a@example.com"),
    ("days", "7"),
    ("price", "1299.5"),
    ("limit", "20"),
    ("born", "1980-02-29"),
    ("sex", "f"),
    ("plan", "b"),
    ("__start__", "tags:sequence"),
    ("checkbox", "m"),
    ("__end__", "tags:sequence"),
    ("active", "true"),
    ("note", ""),
    ("key", "new key"),
    ("pem", "line 1\nline 2"),
    ("__start__", "address:mapping"),
    ("city", "岳阳"),
    ("__end__", "address:mapping"),
    ("__start__", "words:sequence"),
    ("word", "叶酸"),
    ("__end__", "words:sequence"),
]


@pytest.fixture(scope="module")
def registry():
    config = Configurator(settings={"suwen.environment": "development"})
    config.set_csrf_storage_policy(CookieCSRFStoragePolicy())
    for name in ("kernel.i18n", "kernel.themes", "forms"):
        config.include(f"suwen.{name}")
    config.commit()
    return config.registry


@pytest.fixture
def request_(registry):
    def make(pairs=(), language="zh_CN"):
        options = {"POST": list(pairs)} if pairs else {}
        request = Request.blank("/form", headers={"Cookie": f"lang={language}"}, **options)
        request.registry = registry
        apply_request_extensions(request)
        return request

    return make


@pytest.fixture
def failed(request_):
    """The form after it was sent empty, but for one bad price."""
    form = form_for(request_([("price", "12.345"), ("email", "nobody")]), Everything())
    with pytest.raises(FormError):
        form.read()
    return form


def replaced(name, value):
    return [(key, value if key == name else old) for key, old in GOOD]


def test_everything_is_read(request_):
    values = form_for(request_(GOOD), Everything()).read()
    assert values["price"] == 129950
    assert values["limit"] == 2000
    assert values["days"] == 7
    assert values["born"].isoformat() == "1980-02-29"
    assert (values["sex"], values["plan"], values["active"]) == ("f", "b", True)
    assert values["tags"] == {"m"}
    assert values["pem"] == "line 1\nline 2"
    assert values["address"] == {"city": "岳阳"}
    assert list(values["words"]) == ["叶酸"]


def test_stored_values_are_shown(request_):
    html = form_for(
        request_(), Everything(), values={"name": "<王>", "price": 129900, "limit": 500}
    ).render()
    assert 'name="name" type="text" value="&lt;王&gt;"' in html
    assert 'value="1299.00"' in html
    assert 'value="5.00"' in html


def test_required_is_told_with_the_fields_name(failed):
    html = failed.render()
    assert "请填写姓名" in html
    assert "请选择性别" in html
    assert "请填写城市" in html


def test_summary_counts_and_leads_to_the_fields(failed):
    html = failed.render()
    summary = html[html.index("error-summary") : html.index("</ul>")]
    links = re.findall(r'<a href="#([^"]+)"', summary)
    assert f"有 {len(links)} 处需要修改" in summary
    assert all(f'id="{target}"' in html for target in links)
    assert links[0] == "form-name"
    assert 'tabindex="-1"' in summary


def test_errors_belong_to_their_controls(failed):
    html = failed.render()
    control = re.search(r'<input class="form-control" id="form-name"[^>]*>', html).group()
    assert 'aria-invalid="true"' in control
    assert 'aria-describedby="form-name-error form-name-help"' in control
    assert 'maxlength="20"' in control
    assert 'id="form-name-error"' in html
    assert 'id="form-name-help"' in html


def test_input_is_kept(failed):
    html = failed.render()
    assert 'value="12.345"' in html
    assert "请填写金额，例如 12.50" in html
    assert 'value="nobody"' in html


@pytest.mark.parametrize(
    "amount", ["-0", "1e3", "１２", "12.345", "1,299", "99999999999999", "abc"]
)
def test_money_is_strict(request_, amount):
    form = form_for(request_(replaced("price", amount)), Everything())
    if amount == "-0":
        assert form.read()["price"] == 0
        return
    with pytest.raises(FormError):
        form.read()
    assert f'value="{amount}"' in form.render()


def test_negative_money_is_refused_by_the_schema(request_):
    form = form_for(request_(replaced("price", "-5")), Everything())
    with pytest.raises(FormError):
        form.read()
    assert "不能小于" in form.render()


def test_secrets_never_reach_the_browser(request_):
    values = {"key": "TOP-SECRET", "pem": "PEM-SECRET"}
    form = form_for(request_(), Everything(), values=values, stored_secrets=("key",))
    html = form.render()
    assert "SECRET" not in html
    assert html.count("已设置，留空不变") == 1


def test_a_typed_secret_is_not_echoed_after_an_error(request_):
    form = form_for(request_([("key", "TYPED-SECRET")]), Everything())
    with pytest.raises(FormError):
        form.read()
    assert "TYPED-SECRET" not in form.render()


def test_an_empty_stored_secret_is_left_alone(request_):
    sent = replaced("key", "")
    values = form_for(request_(sent), Everything(), stored_secrets=("key", "pem")).read()
    assert "key" not in values
    with pytest.raises(FormError):
        form_for(request_(sent), Everything()).read()


def test_service_errors_stand_beside_their_fields(request_):
    form = form_for(request_(GOOD), Everything())
    form.read()
    form.fail(Invalid(_("有误"), fields={"name": _("已被使用"), "address.city": _("没有这个城市")}))
    html = form.render()
    assert 'href="#form-name">已被使用' in html
    assert 'href="#form-address-city">没有这个城市' in html
    assert "有 2 处需要修改" in html


def test_service_errors_without_a_field_stand_on_top(request_):
    form = form_for(request_(GOOD), Everything())
    form.read()
    form.fail(Invalid(_("余额不足"), fields={"nowhere": "x"}))
    html = form.render()
    assert "余额不足" in html
    assert "有 1 处需要修改" in html


def test_the_form_carries_its_token_and_no_script_nor_style(request_):
    html = form_for(request_(), Everything(), values={"words": ["a"]}, sticky=True).render()
    assert re.search(r'name="csrf_token" value="\w{20,}"', html)
    assert "<script" not in html
    assert not re.search(r"\sstyle=", html)


def test_every_control_has_a_label(request_):
    html = form_for(request_(), Everything(), values={"words": ["a"]}).render()
    labelled = set(re.findall(r'<label[^>]*\sfor="([^"]+)"', html))
    controls = re.findall(r"<(?:input|select|textarea)\s[^>]*>", html)
    for control in controls:
        if 'type="hidden"' in control or 'type="radio"' in control:
            continue
        assert re.search(r'\sid="([^"]+)"', control).group(1) in labelled, control


def test_ids_are_unique_between_two_forms(request_):
    pages = [form_for(request_(), Everything(), form_id=name).render() for name in ("one", "two")]
    found = re.findall(r'\sid="([^"]+)"', "".join(pages))
    assert len(found) == len(set(found))


def test_sequences_bring_a_blank_item_for_the_script(request_):
    html = form_for(request_(), Everything(), values={"words": ["a", "b"]}).render()
    visible, _template, blank = html.partition("<template")
    assert visible.count("data-sequence-item=") == 2
    assert blank.partition("</template>")[0].count('name="word"') == 1


def test_buttons_and_cancel(request_):
    buttons = (button(_("发布"), "publish"), button(_("删除"), "delete", "danger"))
    html = form_for(request_(), Address(), buttons=buttons, cancel_url="/back").render()
    assert re.search(r'name="publish" type="submit" class="btn btn-primary"[^>]*>发布', html)
    assert re.search(r'class="btn btn-danger"[^>]*>删除', html)
    assert 'href="/back"' in html


def test_password_is_never_shown_again(request_):
    schema = colander.Schema()
    schema.add(colander.SchemaNode(colander.String(), name="p", widget=PasswordWidget()))
    html = form_for(request_(), schema, values={"p": "hunter2"}).render()
    assert "hunter2" not in html


def test_file_is_read_only_when_one_was_chosen(request_):
    schema = colander.Schema()
    schema.add(
        colander.SchemaNode(
            schemas.UploadedFile(), name="file", title="报告", widget=FileWidget(accept=".pdf")
        )
    )
    form = form_for(request_([("file", "")]), schema)
    with pytest.raises(FormError):
        form.read()
    html = form.render()
    assert 'type="file"' in html
    assert 'accept=".pdf"' in html
    assert "请选择报告" in html


def test_select_shows_the_chosen_value(request_):
    html = form_for(
        request_(), Everything(), values={"plan": "b", "sex": "f", "tags": {"m"}}
    ).render()
    assert '<option value="b" selected="selected">' in html
    assert re.search(r'name="sex" value="f" checked="checked"', html)
    assert re.search(r'name="checkbox"[^>]*value="m" checked="checked"', html)


def test_widgets_that_need_scripts_are_refused(request_):
    schema = colander.Schema()
    schema.add(colander.SchemaNode(colander.String(), name="text", widget=RichTextWidget()))
    form = form_for(request_(), schema)
    with pytest.raises((TemplateError, ValueError)):
        form.render()


def test_styles_that_a_schema_wishes_are_dropped(request_):
    schema = colander.Schema()
    widget = TextAreaWidget(rows=2, attributes={"style": "width:9px", "data-x": "1"})
    schema.add(colander.SchemaNode(colander.String(), name="text", widget=widget))
    html = form_for(request_(), schema).render()
    assert "width:9px" not in html
    assert 'data-x="1"' in html


def test_warm_up_compiles_every_template(registry):
    folders = registry["suwen.themes"].deform_folders("pc")
    assert rendering.warm_up(folders) >= 16
    assert rendering.factory(folders) is rendering.factory(folders)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (colander.SchemaNode(schemas.Fen()), MoneyWidget),
        (colander.SchemaNode(colander.String(), validator=colander.OneOf(["a"])), SelectWidget),
        (colander.SchemaNode(colander.Mapping()), type(None)),
    ],
)
def test_default_widgets(node, expected):
    assert isinstance(default_widget(node), expected)
