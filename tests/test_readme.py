"""What README and docs say is so."""

import re
from pathlib import Path

import pytest

HOME = Path(__file__).resolve().parent.parent
PAGES = sorted([HOME / "README.md", *HOME.glob("docs/*.md"), *HOME.glob("decisions/*.md")])


def test_the_readme_is_one_screen() -> None:
    assert len((HOME / "README.md").read_text().splitlines()) <= 60


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_whatever_proves_the_security_page_is_there_and_no_attack_is_left_out() -> None:
    page = (HOME / "docs/security.md").read_text()
    named = set(re.findall(r"`(tests/[\w/.]+\.py)`", page))
    assert {each for each in named if not (HOME / each).exists()} == set()
    attacks = {f"tests/attacks/{file.name}" for file in HOME.glob("tests/attacks/test_*.py")}
    assert attacks
    assert attacks <= named
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| attack")]
    assert len(rows) == 20
    assert [row for row in rows if "`tests/" not in row] == []
