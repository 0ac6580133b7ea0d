"""Settings are read from the environment, checked all at once, and the page about them tells all of it."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from embudo.config import BadSetting, Config, environment, read, unknown

PAGE = Path(__file__).resolve().parent.parent / "docs" / "settings.md"


def test_nothing_set_gives_the_safe_defaults() -> None:
    assert read({}) == Config()
    assert read({"EMBUDO_WEB_PORT": ""}) == Config()
    assert Config().embedded and not Config().debug
    assert Config().web_host == Config().collector_host == "127.0.0.1"


def test_each_kind_of_setting_is_read_from_its_text() -> None:
    given = read({"EMBUDO_WEB_PORT": "8123", "EMBUDO_DEBUG": "yes", "EMBUDO_DATA": "/srv/x", "EMBUDO_LANGUAGE": "es"})
    assert (given.web_port, given.debug, given.data, given.language) == (8123, True, Path("/srv/x"), "es")


WRONG = {
    "EMBUDO_WEB_PORT": ("eighty", "0", "65536", "80.5"),
    "EMBUDO_COLLECTOR_PORT": ("-1",),
    "EMBUDO_WEB_HOST": ("http://127.0.0.1", "a b", "x:80"),
    "EMBUDO_WEB_WORKERS": ("0", "many"),
    "EMBUDO_LOG_SHARDS": ("0", "1000"),
    "EMBUDO_DEBUG": ("perhaps",),
    "EMBUDO_TIME_ZONE": ("Mexico City", "../etc/passwd", "America"),
    "EMBUDO_LANGUAGE": ("pt", "EN"),
    "EMBUDO_DATABASE_URL": (
        "mysql://a/b", "postgresql://host:99999/x", "postgresql://host:y/x", "postgresql://h", "postgresql:///x", "a",
        "postgresql://h/x?prepare_threshold=many",
    ),
    "EMBUDO_MAIL_URL": ("mail.norte.example", "smtp://", "smtp://host:port"),
    "EMBUDO_MAIL_FROM": ("ana", "ana@", "a b@norte.example\nBcc: x@y.example", "@norte.example"),
    "EMBUDO_OIDC": (
        "google", "google=https://accounts.google.com", "google=http://a:b@accounts.google.com",
        "google=https://a:b@", "g o=https://a:b@x.example", "../x=https://a:b@x.example",
        "a=https://a:b@x.example A=https://a:b@y.example",
    ),
    "EMBUDO_SITE_URL": ("embudo.example.com", "ftp://x", "https://x/path", "https://x?y=1"),
    "EMBUDO_COLLECTOR_URL": ("/v1", "https://"),
    "EMBUDO_ALLOWED_HOSTS": ("https://embudo.example.com", "a b"),
    "EMBUDO_TRUSTED_PROXIES": ("nginx", "10.0.0.0/99"),
    "EMBUDO_SECRET_KEY": ("short",),
    "EMBUDO_SEAL_ROWS": ("0",),
    "EMBUDO_FAILED_QUOTA_MB": ("-1",),
    "EMBUDO_RETENTION": ("page_viewed", "page_viewed=2y", "page_viewed=0d", "Page=1d", "a=1d,a=2d", "a=99999999d"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in WRONG.items() for text in texts])
def test_text_that_cannot_be_used_is_named_with_what_is_allowed(name: str, text: str) -> None:
    with pytest.raises(BadSetting, match=rf"^{name} is .+: .+\.$"):
        read({name: text})


RIGHT = {
    "EMBUDO_WEB_HOST": ("0.0.0.0", "::1", "localhost", "web-1.internal"),
    "EMBUDO_DATABASE_URL": ("postgresql://u:p%40@h:5432/embudo", "postgres://h/x", "postgresql:///x?host=/run/pg"),
    "EMBUDO_MAIL_URL": ("smtp://ana:pw@mail.example:587?tls=1", "smtps://mail.example"),
    "EMBUDO_MAIL_FROM": ("embudo@norte.example", "Embudo <embudo@norte.example>"),
    "EMBUDO_OIDC": ("Google=https://id%40x:s%3Ae@accounts.google.com kc=http://a:b@127.0.0.1:8080/realms/x",),
    "EMBUDO_COLLECTOR_URL": ("https://in.example.com/embudo",),
    "EMBUDO_ALLOWED_HOSTS": ("a.example, .b.example,10.0.0.1",),
    "EMBUDO_TRUSTED_PROXIES": ("10.0.0.7, 10.1.0.0/16, ::1",),
    "EMBUDO_TIME_ZONE": ("America/Sao_Paulo",),
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in RIGHT.items() for text in texts])
def test_what_is_right_is_taken_as_it_stands(name: str, text: str) -> None:
    (setting,) = [each.name for each in fields(Config) if each.metadata["name"] == name]
    assert getattr(read({name: text}), setting) == text


def test_all_wrong_settings_are_told_at_once_and_no_password_is_shown() -> None:
    given = {
        "EMBUDO_LANGUAGE": "fr", "EMBUDO_WEB_PORT": "x", "EMBUDO_SECRET_KEY": "swordfish",
        "EMBUDO_DATABASE_URL": "postgresql://ana:hunter2@h:x/d", "EMBUDO_OIDC": "x=https://a:sesame",
    }  # fmt: skip
    with pytest.raises(BadSetting) as told:
        read(given)
    lines = str(told.value).splitlines()
    assert sorted(line.split()[0] for line in lines) == sorted(given)
    assert not [word for word in ("hunter2", "swordfish", "sesame") if word in str(told.value)]


def test_site_and_collector_cannot_share_a_port() -> None:
    with pytest.raises(BadSetting, match="EMBUDO_WEB_PORT and EMBUDO_COLLECTOR_PORT"):
        read({"EMBUDO_WEB_PORT": "8001"})


def test_a_name_that_is_no_setting_is_told_with_the_one_it_looks_like() -> None:
    found = unknown({"EMBUDO_LOG_SHARD": "2", "EMBUDO_PORT_80_TCP": "x", "EMBUDO_DEBUG": "1", "EMBUDO_SUPERVISED": "1"})
    assert found == {"EMBUDO_LOG_SHARD": "EMBUDO_LOG_SHARDS", "EMBUDO_PORT_80_TCP": ""}


def test_a_retention_says_days_by_kind() -> None:
    days = (("page_viewed", 730), ("*", 1825))
    assert read({"EMBUDO_RETENTION": "page_viewed=730d, *=1825d"}).retention == days
    assert Config().retention == ()


def test_settings_written_out_read_back_the_same() -> None:
    config = Config(debug=True, web_port=1234, retention=(("page_viewed", 7), ("*", 9)), data=Path("/srv/x"))
    assert read(environment(config)) == config


def test_mails_come_from_the_host_of_the_site_unless_set() -> None:
    assert Config(site_url="https://embudo.norte.example").sender == "embudo@embudo.norte.example"
    assert Config(mail_from="Ventas <ventas@norte.example>").sender == "Ventas <ventas@norte.example>"


def test_addresses_follow_host_and_port_unless_set() -> None:
    assert Config(web_port=8100).site_address == "http://127.0.0.1:8100"
    assert Config(site_url="https://embudo.example/").site_address == "https://embudo.example"
    assert Config(collector_port=8101).collector_address == "http://127.0.0.1:8101"


def test_the_page_tells_every_setting_with_its_default_and_words() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|$", PAGE.read_text(), re.MULTILINE)
    told = {name: (default.strip("`"), words) for name, default, words in rows}
    known = {each.metadata["name"]: (_written(each.default), each.metadata["words"]) for each in fields(Config)}
    assert told == known


def _written(default: object) -> str:
    return str(int(default)) if isinstance(default, bool) else str(default or "empty")
