"""A small SMTP server on loopback that does as it is told, and the channel's way to it."""

import base64
import contextlib
import ipaddress
import socketserver
import ssl
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from suwen.hookspecs.common import PluginContext
from suwen.testing.http import WsgiTransport
from suwen.testing.push import NOW
from suwen_push_email.channel import EmailChannel

USER, PASSWORD = "mailer", "geheimgeheim"


class HangUpError(Exception):
    """The server closes the connection without a word."""


@dataclass
class Box:
    """What arrived, and how the next letters are to be treated.

    A plan is the step at which something happens and what: a reply, or ``hang up``.
    """

    letters: list = field(default_factory=list)
    plans: list = field(default_factory=list)
    hellos: list = field(default_factory=list)
    offers: tuple = ("AUTH PLAIN",)
    tls: ssl.SSLContext | None = None


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        self.plan, self.sender, self.recipient = {}, b"", b""
        with contextlib.suppress(HangUpError, OSError):
            if self.server.implicit_tls:
                self.secure()
            self.say("220 test")
            while line := self.rfile.readline():
                self.answer(line.strip())

    def secure(self):
        self.rfile.close()
        self.request = self.server.box.tls.wrap_socket(self.request, server_side=True)
        self.rfile = self.request.makefile("rb")
        self.wfile = self.request.makefile("wb", buffering=0)

    def finish(self):
        with contextlib.suppress(OSError):
            super().finish()
        self.request.close()

    def say(self, reply):
        if reply == "hang up":
            raise HangUpError
        self.wfile.write(reply.encode() + b"\r\n")

    def at(self, step, usual):
        self.say(self.plan.get(step, usual))

    def answer(self, line):
        verb = line.split(b" ", 1)[0].upper().decode()
        getattr(self, f"do_{verb.lower()}", self.do_unknown)(line)

    def do_unknown(self, line):
        self.say("502 no")

    def do_ehlo(self, line):
        self.server.box.hellos.append(line.decode())
        offers = ["test", *self.server.box.offers, "8BITMIME"]
        for offer in offers[:-1]:
            self.say(f"250-{offer}")
        self.say(f"250 {offers[-1]}")

    def do_starttls(self, line):
        self.say("220 go")
        self.secure()

    def do_auth(self, line):
        given = base64.b64decode(line.split()[-1]).decode()
        self.say("235 ok" if given == f"\0{USER}\0{PASSWORD}" else "535 no")

    def do_mail(self, line):
        box = self.server.box
        self.plan = box.plans.pop(0) if box.plans else {}
        self.sender = line
        self.at("mail", "250 ok")

    def do_rcpt(self, line):
        self.recipient = line
        self.at("rcpt", "250 ok")

    def do_data(self, line):
        self.at("data", "354 go on")
        if "data" in self.plan:
            return
        lines = []
        while (part := self.rfile.readline()) != b".\r\n":
            lines.append(part.removeprefix(b"."))
        reply = self.plan.get("text", "250 queued")
        # A server that says no has thrown the letter away.
        if not reply.startswith(("4", "5")):
            self.server.box.letters.append((self.sender, self.recipient, b"".join(lines)))
        self.say(reply)

    def do_rset(self, line):
        self.say("250 ok")

    def do_quit(self, line):
        self.say("221 bye")
        raise HangUpError


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    implicit_tls = False

    def handle_error(self, request, client_address):
        """A client that does not trust us hangs up in the middle: nothing to report."""


@dataclass
class MailServer:
    """The far end of the channel."""

    box: Box
    server: Server

    def settings(self, **values):
        host, port = self.server.server_address
        given = {
            "backend": "smtp",
            "host": host,
            "port": port,
            "security": "none",
            "username": USER,
            "password": PASSWORD,
            "sender": "no-reply@suwen.example",
        }
        return EmailChannel().settings_schema().deserialize({**given, **values})

    def context(self, **values):
        return PluginContext("4306", self.settings(**values), lambda: NOW, WsgiTransport({}))

    @property
    def ctx(self):
        return self.context()

    def sent(self):
        return len(self.box.letters)

    def plan(self, **steps):
        self.box.plans.append(steps)

    def accept(self):
        self.plan()

    def refuse(self):
        self.plan(mail="hang up")

    def lose_answer(self):
        self.plan(text="hang up")

    def garble(self):
        self.plan(text="was?")

    def reject(self):
        self.plan(rcpt="550 5.1.1 <ming@xn--fiq228c.example>: 907341")


@pytest.fixture
def mail():
    box = Box()
    with Server(("127.0.0.1", 0), Handler) as server:
        server.box = box
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield MailServer(box, server)
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that nobody trusts by itself; path of certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    moment = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def secure_mail(mail, certificate):
    """The server with a certificate; ``SSL_CERT_FILE`` decides whether it is trusted."""
    mail.box.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    mail.box.tls.load_cert_chain(certificate)
    return mail
