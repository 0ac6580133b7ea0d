"""`embudo definition`."""

import json

import pytest
import yaml

from embudo.core.condition import parse
from embudo.definition import shipped
from embudo.learn.cases import Case
from embudo.operate import definition
from tests.install import Install
from tests.learn.test_discovery import past, with_


def test_the_definition_in_force_is_printed_byte_for_byte_and_an_install_without_a_past_proposes_nothing(
    install: Install,
) -> None:
    install.embudo("prepare")
    assert install.embudo("definition", "export") == shipped.text()
    assert "at least 20 customers" in install.embudo("definition", "propose", code=1)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, db: None) -> list[Case]:
    """A past in which logistics buys, and a contract is known only afterwards."""
    cases = with_(past(), "contract", "signed", 1_700_000_000_000_000)
    monkeypatch.setattr(definition, "cases", lambda _log, _at: cases)
    return cases


def test_proposals_are_told_with_their_evidence(told: list[Case], capsys: pytest.CaptureFixture[str]) -> None:
    assert definition.main(["propose"]) == 0
    said = capsys.readouterr().out
    assert "2000 leads whose outcome is known" in said
    assert '1. {"industry": "logistics"}' in said and "points: +25" in said
    assert "it says much the same as 1; take one of them" in said
    assert "contract (not proposed: it mostly became known after they had bought)" in said


def test_proposals_are_criteria_that_a_definition_takes(told: list[Case], capsys: pytest.CaptureFixture[str]) -> None:
    assert definition.main(["propose", "--yaml", "--attribute", "industry", "--attribute", "size"]) == 0
    criteria = yaml.safe_load(capsys.readouterr().out)["criteria"]
    assert {"name": "industry 1", "when": {"industry": "logistics"}, "points": 25} in criteria
    for each in criteria:
        parse(each["when"])


def test_all_figures_are_given_to_programs(told: list[Case], capsys: pytest.CaptureFixture[str]) -> None:
    assert definition.main(["propose", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["people"], found["enough"]) == (2000, True)
    assert {each["name"]: each["leak"] for each in found["attributes"]}["contract"] == "after"
    assert found["proposals"][0]["lift"][1] > 3
