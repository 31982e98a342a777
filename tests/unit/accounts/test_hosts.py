import pytest

from suwen.accounts.hosts import allowed_hosts, name_of
from suwen.kernel.settings import Settings

SITE = {"environment": "production", "base_url": "https://suwen.example:8443/"}


def test_the_site_answers_to_its_own_names():
    assert allowed_hosts(Settings(**SITE)) == {"suwen.example"}
    more = Settings(**SITE, hosts="www.suwen.example, yueyang.suwen.example ,")
    assert allowed_hosts(more) == {
        "suwen.example",
        "www.suwen.example",
        "yueyang.suwen.example",
    }
    home = Settings(environment="development", base_url="http://127.0.0.1:6543")
    assert allowed_hosts(home) == {"127.0.0.1", "localhost", "::1"}


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Suwen.Example", "suwen.example"),
        ("suwen.example:8443", "suwen.example"),
        ("suwen.example.", "suwen.example"),
        ("[::1]:80", "::1"),
        ("evil.example@suwen.example", ""),
        ("suwen.example/evil", ""),
        ("suwen.example:x", ""),
        ("", ""),
        ("[", ""),
    ],
)
def test_a_host_header_is_read_as_a_name(header, name):
    assert name_of(header) == name


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "suwen.example.evil.example", "[", "127.0.0.2"]
)
def test_other_hosts_are_refused_before_anything_is_done(web, host):
    answer = web.get("/open", headers={"Host": host}, status=400)
    assert "evil" not in answer.text
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:6543", "[::1]:80"])
def test_the_machine_itself_is_reached_in_development(web, host):
    web.get("/open", headers={"Host": host}, status=200)
