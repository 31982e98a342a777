"""Both providers as WSGI applications that accept everything unless told otherwise."""

import json
from dataclasses import dataclass, field

import pytest
from webob import Response

from suwen.hookspecs.common import PluginContext
from suwen.testing.http import WsgiTransport
from suwen.testing.push import NOW
from suwen_push_sms.channel import SmsChannel

TEMPLATES = "verification_code = SMS_1: code, minutes\nreport_ready = SMS_2"
ACCEPTED = {
    "aliyun": {"Code": "OK", "Message": "OK", "BizId": "9006", "RequestId": "R"},
    "tencent": {"Response": {"SendStatusSet": [{"Code": "Ok", "SerialNo": "9006"}]}},
}
REJECTED = {
    "aliyun": {"Code": "isv.SMS_CONTENT_ILLEGAL", "Message": "13800000000 907341"},
    "tencent": {"Response": {"SendStatusSet": [{"Code": "FailedOperation.ContainSensitiveWord"}]}},
}
ORIGINS = {
    "aliyun": "https://dysmsapi.aliyuncs.com",
    "tencent": "https://sms.tencentcloudapi.com",
}


@dataclass
class Provider:
    """One provider; ``answers`` are given before it accepts again."""

    name: str
    answers: list = field(default_factory=list)

    def __post_init__(self):
        self.transport = WsgiTransport({ORIGINS[self.name]: self._app})

    def _app(self, environ, start_response):
        answer = Response(json=ACCEPTED[self.name])
        return answer(environ, start_response)

    def settings(self, **values):
        given = {
            "backend": self.name,
            "key_id": "AKexample",
            "key_secret": "geheimgeheim",
            "sign_name": "素问",
            "sms_app_id": "1400",
            "templates": TEMPLATES,
        }
        return SmsChannel().settings_schema().deserialize({**given, **values})

    @property
    def ctx(self):
        return PluginContext("4306", self.settings(), lambda: NOW, self.transport)

    def sent(self):
        return len(self.transport.sent)

    def answer(self, body, status=200):
        self.transport.answer(status, json.dumps(body).encode())

    def accept(self):
        self.answer(ACCEPTED[self.name])

    def refuse(self):
        self.transport.refuse()

    def lose_answer(self):
        self.transport.lose_answer()

    def garble(self):
        self.transport.answer(502, b"<html>Bad Gateway</html>")

    def reject(self):
        self.answer(REJECTED[self.name])


@pytest.fixture(params=["aliyun", "tencent"])
def provider(request):
    return Provider(request.param)


@pytest.fixture
def aliyun():
    return Provider("aliyun")


@pytest.fixture
def tencent():
    return Provider("tencent")
