"""docs/collecting.md says what the code does: every reason, kind and address stands there, and its examples run."""

import re
from pathlib import Path

import pytest

from embudo.collector.app import PAGES
from embudo.collector.kind import KIND_ALIASES, KIND_OF_TYPE
from embudo.collector.reasons import sentences_of
from embudo.collector.routes import ROUTES
from embudo.core.intake import DOUBT_MARKS, IMPOSSIBLE_VIEWS, MACHINE_MARKS, UNREAD_VIEWS, Reason
from embudo.core.kind import RESERVED_KINDS, TRUSTED_KINDS, TRUSTED_PREFIXES
from tests.absent import absent
from tests.collector.conftest import PUBLIC, SECRET, RunningDoor

TEXT = (Path(__file__).parents[2] / "docs" / "collecting.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """The cells of the table that begins with this heading."""
    table = TEXT.partition(heading)[2].partition("\n\n")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("|")
    ][1:]


def code(text: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", text)


def test_every_reason_is_documented_as_the_wire_says_it() -> None:
    table = rows("| reason | | what it means and what to do |")
    documented = {code(reason)[0]: (kind, words) for reason, kind, words in table}
    assert documented == {each.value: ("failed" if each.kept else "refused", sentences_of(each)) for each in Reason}


def test_every_kind_is_documented_as_it_is() -> None:
    types = {row[0]: code(row[1])[0] for row in rows("| message | kind |") if " " not in row[0]}
    assert types == KIND_OF_TYPE
    aliases = {alias: code(kind)[0] for names, kind in rows("| track | kind |") for alias in code(names)}
    assert aliases == KIND_ALIASES
    groups = code(TEXT.partition("Three groups of kinds")[2].partition("\n\n")[0])
    assert set(groups) == RESERVED_KINDS | TRUSTED_KINDS | set(TRUSTED_PREFIXES)


def test_every_address_and_mark_is_documented() -> None:
    addresses = set(code(TEXT.partition("Addresses:")[2].partition("\n\n")[0]))
    assert {*PAGES, "/v1/t", "/e"} < addresses
    assert {path for path in ROUTES if len(path) > len("/v1/t")} <= addresses
    verdict = TEXT.partition("**Verdict.**")[2].partition("\n\n")[0]
    assert set(code(verdict)) == MACHINE_MARKS | DOUBT_MARKS
    assert f"more than {IMPOSSIBLE_VIEWS}\npage views" in verdict and f"more than {UNREAD_VIEWS} page views" in verdict


@pytest.mark.parametrize("language", ["python", "js", "sh"])
def test_the_examples_run(door: RunningDoor, language: str) -> None:
    from tests.path.test_sdks import MODULES, run

    blocks = {
        "python": re.search(r"```python\n(.*?)```", TEXT, re.S),
        "js": re.search(r"Node .*?```js\n(.*?)```", TEXT, re.S),
        "sh": re.search(r"```sh\n(.*?)```", TEXT, re.S),
    }
    example = blocks[language]
    assert example is not None
    text = example[1].replace("https://in.example.com", door.url).replace("SECRET_KEY", SECRET)
    if language == "js" and not (MODULES / "@segment" / "analytics-node").exists():
        absent("@segment/analytics-node is not installed: npm ci")
    import sys

    run({"python": [sys.executable, "-c", text], "js": ["node", "-e", text], "sh": ["bash", "-ec", text]}[language])
    assert "demo_requested" in [event.kind for event in door.events()]
    assert {event.identifier for event in door.events()} == {"user:user-42"}


def test_the_snippet_loads(door: RunningDoor) -> None:
    snippet = re.search(r'src="https://in.example.com([^"]+)"', TEXT)
    assert snippet is not None
    assert door.request("GET", snippet[1].replace("PUBLIC_KEY", PUBLIC)).status == 200
