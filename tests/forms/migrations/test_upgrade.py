"""Tables of earlier versions, filled, become today's: what was about to be kept is looked up all the same."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.leads.migrations.test_upgrade import migrated

BEFORE = ("forms", "0001_forms_with_their_drafts_versions_and_showings")


@pytest.fixture
def earlier(transactional_db: None) -> Iterator[Any]:
    """The tables as they were, empty; today's again at the end."""
    yield migrated(BEFORE)
    migrated()


def test_showings_of_the_first_version_are_settled_and_asked_as_before(earlier: Any) -> None:
    site = earlier.get_model("capture", "Site").objects.create(name="Norte")
    form = earlier.get_model("forms", "Form").objects.create(name="Contact", slug="contact", site=site)
    showings = earlier.get_model("forms", "Showing").objects
    for number, more in enumerate(({}, {"fact": "a", "subject": 5}, {"fact": "b", "subject": 6, "sent_at": 9})):
        showings.create(id=f"{number}", form=form, at=number, **more)
    migrated()
    from embudo.forms.models import Showing

    rows = Showing.objects.order_by("id").values_list("keeping_at", "waiting", "ask_at", "asked_at")
    assert list(rows) == [(None, None, None, None), (1, None, None, None), (None, None, None, None)]
