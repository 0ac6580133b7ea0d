"""The forms of the demo company: their showings agree with the facts, and are the same each time."""

import pytest

from embudo.core.event import DAY
from embudo.demo import records, showings
from embudo.forms.counts import count
from embudo.forms.models import Form, Showing
from tests.demo.conftest import UNTIL, YEAR, lives


@pytest.mark.django_db
def test_every_sending_has_its_showing_and_more_saw_it_than_sent_it(monkeypatch: pytest.MonkeyPatch) -> None:
    records.make_sites()
    facts = [fact for life in lives(600) for fact in life.facts]
    sendings = showings.wanted(facts)
    start = UNTIL - YEAR * DAY
    made = showings.make(sendings, seed=7, start=start)
    before = set(Showing.objects.values_list("id", "at", "started_at", "last_field"))
    assert showings.make(sendings, seed=7, start=start) == made == len(before)
    assert set(Showing.objects.values_list("id", "at", "started_at", "last_field")) == before
    assert set(Showing.objects.exclude(fact="").values_list("fact", flat=True)) == {fact.id for fact in sendings}
    monkeypatch.setattr("embudo.forms.counts.now", lambda: UNTIL)
    for slug in showings.NAMES:
        form = Form.objects.get(slug=slug)
        numbers = count(form, 366)
        assert numbers.seen > numbers.begun > numbers.sent > 0
        assert form.published.number == 1
