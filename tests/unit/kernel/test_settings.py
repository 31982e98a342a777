import pytest

from suwen.kernel import settings

GOOD = {
    "suwen.environment": "production",
    "suwen.secret_key": "s" * 32,
    "suwen.master_key": "bWFzdGVy",
    "suwen.base_url": "https://suwen.example",
}


def load(**changes):
    raw = {**GOOD, **{f"suwen.{key}": value for key, value in changes.items()}}
    return settings.load(raw, environ={})


@pytest.mark.parametrize("environment", ["Development", "dev", "", "prod", "development "])
def test_anything_but_the_exact_word_is_not_development(environment):
    """Development surfaces fail closed: a misspelt value refuses the start."""
    try:
        assert not load(environment=environment, listen="0.0.0.0:80").development
    except settings.SettingsError:
        return
    pytest.fail("a misspelt environment must not start")


@pytest.mark.parametrize("listen", ["0.0.0.0:6543", "192.168.1.5:6543", "example.org:80", ":80"])
def test_development_listens_on_loopback_only(listen):
    with pytest.raises(settings.SettingsError, match="loopback"):
        load(environment="development", listen=listen)


def test_production_needs_its_secrets():
    for name in ("secret_key", "master_key", "base_url"):
        with pytest.raises(settings.SettingsError):
            load(**{name: ""})
    assert load().secure


def test_the_simulator_is_refused_in_production():
    with pytest.raises(settings.SettingsError, match="simulator"):
        load(simulator_url="http://127.0.0.1:6544")


def test_an_unknown_setting_is_refused():
    with pytest.raises(settings.SettingsError, match="misspelt"):
        load(misspelt="1")


def test_the_environment_wins():
    read = settings.load(GOOD, environ={"SUWEN_BASE_URL": "https://other.example"})
    assert read.base_url == "https://other.example"


def test_secrets_do_not_show():
    assert "bWFzdGVy" not in repr(load())
