"""Settings are read from the environment, and the page about them tells all of it."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from embudo.config import BadSetting, Config, read

PAGE = Path(__file__).resolve().parent.parent / "docs" / "settings.md"


def test_nothing_set_gives_the_safe_defaults() -> None:
    assert read({}) == Config()
    assert read({"EMBUDO_WEB_PORT": ""}) == Config()
    assert Config().embedded and not Config().debug
    assert Config().web_host == Config().collector_host == "127.0.0.1"


def test_each_kind_of_setting_is_read_from_its_text() -> None:
    given = read({"EMBUDO_WEB_PORT": "8123", "EMBUDO_DEBUG": "yes", "EMBUDO_DATA": "/srv/x", "EMBUDO_LANGUAGE": "es"})
    assert (given.web_port, given.debug, given.data, given.language) == (8123, True, Path("/srv/x"), "es")


@pytest.mark.parametrize(("name", "text"), [("EMBUDO_WEB_PORT", "eighty"), ("EMBUDO_DEBUG", "perhaps")])
def test_text_that_cannot_be_read_is_named(name: str, text: str) -> None:
    with pytest.raises(BadSetting, match=name):
        read({name: text})


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
    return (
        {False: "0", True: "1", "": "empty"}.get(default, str(default))
        if isinstance(default, bool | str)
        else str(default)
    )
