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
