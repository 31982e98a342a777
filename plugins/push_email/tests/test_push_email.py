import email
import email.policy
import socket
from dataclasses import replace

import colander
import pytest

from suwen.hookspecs.common import NotSent
from suwen.hookspecs.push import ChannelMisconfigured, Outcome, Rendered
from suwen.kernel.plugins.host import PluginHost
from suwen.testing.push import NOW, job_for
from suwen_push_email import letter, plugin, session
from suwen_push_email.channel import EmailChannel

CHANNEL = EmailChannel()
ADDRESS = "ming@example.com"


def job(ctx, delivery_id=77, **changes):
    return replace(job_for(CHANNEL, ctx, ADDRESS, delivery_id), **changes)


def send(ctx, *ids):
    return CHANNEL.send(ctx, [job(ctx, one) for one in ids or (77,)])


def read(mail, index=0):
    return email.message_from_bytes(mail.box.letters[index][2], policy=email.policy.default)


def text_of(mail):
    return read(mail).get_content().replace("\r\n", "\n")


def test_the_plugin_loads():
    host = PluginHost(strict=True)
    host.register("push_email", plugin, "0.1.0")
    assert host.channels.get("push_email").obj.info.address_kind == "email"


def test_what_the_server_receives(mail):
    content = Rendered("您有一份新的健康资料。", "您有新的健康资料", "https://suwen.example/me")
    (result,) = CHANNEL.send(mail.ctx, [job(mail.ctx, content=content)])
    assert (result.outcome, result.code) == (Outcome.ACCEPTED, "250")
    sender, recipient, _ = mail.box.letters[0]
    assert sender.split()[1] == b"FROM:<no-reply@suwen.example>"
    assert recipient == b"rcpt TO:<ming@example.com>"
    received = read(mail)
    assert received["From"] == "素问 <no-reply@suwen.example>"
    assert received["To"] == "ming@example.com"
    assert received["Subject"] == "您有新的健康资料"
    assert received["Date"].datetime == NOW
    assert received["Auto-Submitted"] == "auto-generated"
    assert received["Message-ID"] == result.provider_id == "<suwen-77@suwen.example>"
    assert text_of(mail) == "您有一份新的健康资料。\n\nhttps://suwen.example/me\n"


def test_the_same_delivery_is_the_same_letter(mail):
    send(mail.ctx, 77)
    CHANNEL.send(mail.ctx, [job(mail.ctx, 77, attempt=2)])
    send(mail.ctx, 78)
    first, again, other = (content for _, _, content in mail.box.letters)
    assert first == again
    assert read(mail, 2)["Message-ID"] == "<suwen-78@suwen.example>"
    assert other != first


def test_the_server_does_not_learn_the_name_of_this_machine(mail):
    send(mail.ctx)
    assert mail.box.hellos == ["ehlo suwen.example"]


@pytest.mark.parametrize("subject", ["a\r\nBcc: x@y.example", "a\nb", "a\rb", "a\0b", "a\u2028b"])
def test_a_subject_that_reaches_into_the_headers_is_rejected(mail, subject):
    jobs = [job(mail.ctx, 1, content=Rendered("text", subject)), job(mail.ctx, 2)]
    first, second = CHANNEL.send(mail.ctx, jobs)
    assert (first.outcome, first.code) == (Outcome.REJECTED, "header_injection")
    assert second.outcome is Outcome.ACCEPTED
    assert mail.sent() == 1
    assert b"Bcc" not in mail.box.letters[0][2]


@pytest.mark.parametrize("address", ["a@b.example\r\nRCPT TO:<x@y.example>", "x", "a@b"])
def test_an_address_that_reaches_into_the_conversation_is_rejected(mail, address):
    (result,) = CHANNEL.send(mail.ctx, [job(mail.ctx, address=address)])
    assert (result.outcome, result.code) == (Outcome.REJECTED, "address")
    assert mail.sent() == 0


def test_a_letter_is_plain_ascii_on_the_way(mail):
    # Not every server takes eight bits, and lines may have 998 characters.
    CHANNEL.send(mail.ctx, [job(mail.ctx, content=Rendered("健康" * 2000, "资料" * 100))])
    content = mail.box.letters[0][2]
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert text_of(mail) == "健康" * 2000 + "\n"


def test_a_line_with_a_dot_arrives_whole(mail):
    text = "a\n.\nRCPT TO:<x@y.example>\n.."
    CHANNEL.send(mail.ctx, [job(mail.ctx, content=Rendered(text, "s"))])
    assert text_of(mail) == text + "\n"


@pytest.mark.parametrize(
    ("plan", "outcome", "code"),
    [
        ({"mail": "451 later"}, Outcome.THROTTLED, "mail_451"),
        ({"mail": "550 no"}, Outcome.REJECTED, "mail_550"),
        ({"rcpt": "450 grey"}, Outcome.THROTTLED, "rcpt_450"),
        ({"rcpt": "454 later"}, Outcome.RETRY, "rcpt_454"),
        ({"rcpt": "550 nobody"}, Outcome.ADDRESS_GONE, "rcpt_550"),
        ({"rcpt": "552 full"}, Outcome.REJECTED, "rcpt_552"),
        ({"rcpt": "was?"}, Outcome.RETRY, "rcpt_-1"),
        ({"data": "451 later"}, Outcome.THROTTLED, "data_451"),
        ({"data": "554 no"}, Outcome.REJECTED, "data_554"),
        ({"text": "452 full"}, Outcome.THROTTLED, "data_452"),
        ({"text": "550 spam"}, Outcome.REJECTED, "data_550"),
        ({"text": "was?"}, Outcome.UNKNOWN, "data_-1"),
        ({"text": "hang up"}, Outcome.UNKNOWN, "no_answer"),
        ({"data": "hang up"}, Outcome.UNKNOWN, "no_answer"),
        ({"rcpt": "251 forwarded"}, Outcome.ACCEPTED, "250"),
    ],
)
def test_replies(mail, plan, outcome, code):
    mail.plan(**plan)
    (result,) = send(mail.ctx)
    assert (result.outcome, result.code) == (outcome, code)


@pytest.mark.parametrize("step", ["mail", "rcpt"])
def test_hanging_up_before_the_text_is_unsent(mail, step):
    mail.plan(**{step: "hang up"})
    with pytest.raises(NotSent):
        send(mail.ctx)


def test_after_a_broken_connection_the_rest_is_unsent(mail):
    mail.lose_answer()
    results = send(mail.ctx, 1, 2, 3)
    assert [one.outcome for one in results] == [Outcome.UNKNOWN, Outcome.RETRY, Outcome.RETRY]
    assert mail.sent() == 1


def test_after_a_no_the_conversation_goes_on(mail):
    mail.plan(rcpt="550 nobody")
    mail.plan(text="550 spam")
    results = send(mail.ctx, 1, 2, 3)
    assert [one.outcome for one in results] == [
        Outcome.ADDRESS_GONE,
        Outcome.REJECTED,
        Outcome.ACCEPTED,
    ]


def test_no_server_is_unsent(mail):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        ctx = mail.context(port=taken.getsockname()[1])
        with pytest.raises(NotSent):
            send(ctx)


def test_a_server_that_says_nothing_is_unsent(mail, monkeypatch):
    monkeypatch.setattr(session, "TIMEOUT_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ctx = mail.context(port=silent.getsockname()[1])
        with pytest.raises(NotSent):
            send(ctx)


def test_a_wrong_password_is_a_matter_for_staff(mail):
    with pytest.raises(ChannelMisconfigured) as caught:
        send(mail.context(password="anders"))
    assert "anders" not in str(caught.value)
    assert mail.sent() == 0


def test_a_server_without_sign_in_is_a_matter_for_staff(mail):
    mail.box.offers = ()
    with pytest.raises(ChannelMisconfigured):
        send(mail.ctx)


def test_without_a_username_nobody_signs_in(mail):
    mail.box.offers = ()
    ctx = mail.context(username="", password="")
    assert send(ctx)[0].outcome is Outcome.ACCEPTED


def test_starttls_is_not_given_up_where_it_is_missing(mail):
    with pytest.raises(ChannelMisconfigured):
        send(mail.context(security="starttls"))
    assert mail.sent() == 0


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_encrypted_letter(secure_mail, certificate, monkeypatch, security):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure_mail.server.implicit_tls = security == "tls"
    secure_mail.box.offers = ("STARTTLS", "AUTH PLAIN")
    (result,) = send(secure_mail.context(security=security))
    assert result.outcome is Outcome.ACCEPTED
    assert secure_mail.sent() == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_trusts_is_a_matter_for_staff(secure_mail, security):
    secure_mail.server.implicit_tls = security == "tls"
    secure_mail.box.offers = ("STARTTLS", "AUTH PLAIN")
    with pytest.raises(ChannelMisconfigured):
        send(secure_mail.context(security=security))
    assert secure_mail.sent() == 0


def test_a_name_cannot_reach_into_the_headers(mail):
    with pytest.raises(colander.Invalid):
        mail.context(sender_name="素问\r\nBcc: x@y.example")
    ctx = mail.context(sender_name='素问, "健康" <x@y.example>')
    send(ctx)
    (sender,) = read(mail)["From"].addresses
    assert sender.addr_spec == "no-reply@suwen.example"


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({}, []),
        ({"host": ""}, ["host", "security"]),
        ({"host": "smtp.example.com"}, ["security"]),
        ({"host": "smtp.example.com", "security": "tls"}, []),
        ({"sender": ""}, ["sender"]),
        ({"password": ""}, ["password"]),
        ({"username": ""}, ["username"]),
    ],
)
def test_check_names_what_is_to_be_put_right(mail, values, fields):
    ctx = mail.context(**values)
    assert [one.field for one in CHANNEL.check(ctx)] == fields
    if fields:
        with pytest.raises(ChannelMisconfigured):
            send(ctx)


@pytest.mark.parametrize(
    "values",
    [
        {"backend": "other"},
        {"host": "smtp://x"},
        {"port": "0"},
        {"security": "maybe"},
        {"sender": "x"},
        {"password": "a\nb"},
    ],
)
def test_settings_that_cannot_work_are_refused(values):
    with pytest.raises(colander.Invalid) as caught:
        CHANNEL.settings_schema().deserialize(values)
    assert list(caught.value.asdict()) == list(values)


def test_the_message_id_is_that_of_the_delivery(mail):
    assert letter.message_id(job(mail.ctx, 5), "suwen.example") == "<suwen-5@suwen.example>"
