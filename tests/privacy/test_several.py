"""What several people said of a purpose, written down at once from the list: receipts, who is spared, Undo."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from embudo.leads import acting, consents
from embudo.leads.models import PeopleAct
from embudo.leads.record import record
from embudo.leads.story import history_of
from embudo.leads.views import acts as views
from embudo.privacy.consent import Act, standings, withdraw
from embudo.privacy.models import Purpose, Wording
from embudo.privacy.receipts import receipts
from tests.cast import Someone, ada, bruno, mallory
from tests.leads.views.conftest import SignIn, named
from tests.leads.views.test_acts import does, undoes, works
from tests.privacy.conftest import Following

Purposes = dict[str, Purpose]
FAIR = {"sure": "1", "purpose": "newsletter", "answer": "yes", "how": "paper", "note": "at the fair", "language": "en"}


@pytest.fixture(autouse=True)
def story(site: Following, purposes: Purposes) -> None:
    site.hears(ada.submits("contact"), bruno.submits("contact"), mallory.submits("contact"))


def answers(*people: Someone) -> list[bool | None]:
    said = consents.of([named(each).id for each in people])
    return [said.get(named(each).id, {}).get("newsletter", (None, 0))[0] for each in people]


def withdraws(site: Following, who: Someone, purpose: str = "newsletter") -> None:
    withdraw(purpose, f"person:{named(who).id}", act=Act.LINK, id=f"no-{who.mail}", log=site.log)
    site.follower.catch_up()


def test_the_page_shows_whom_and_the_words_and_asks_how_it_came_about(sign_in: SignIn) -> None:
    page = does(sign_in("sales"), "consent", ada, bruno)
    assert "What did 2 people say?" in page and ada.name in page and "News by e-mail" in page
    assert 'role="alert"' not in page and "has-error" not in page
    page = does(sign_in("sales"), "consent", ada, **FAIR | {"note": "  "})
    assert "Say how it came about" in page and not PeopleAct.objects.exists()


def test_each_gets_the_receipt_their_own_page_would_make_and_undo_takes_it_back(
    site: Following, sign_in: SignIn
) -> None:
    Wording.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    Purpose.objects.get(code="newsletter").word({"en": ("News", "Other words of today.")}, by=None)
    client = sign_in("marketing")
    page = does(client, "consent", ada, bruno, **FAIR, at="2026-05-12T10:00")
    assert "Written down: 2 people agree to “News”." in page
    standing = next(each for each in standings(history_of(named(ada).id)) if each.code == "newsletter")
    (receipt,) = receipts(standing)
    assert (receipt.given, receipt.how, receipt.note, receipt.by) == (True, "on paper", "at the fair", "marketing")
    assert (receipt.version, receipt.language, receipt.altered, bool(receipt.words)) == (1, "English", False, True)
    assert answers(ada, bruno, mallory) == [True, True, None]
    site.agrees()
    undoes(client, page)
    assert answers(ada, bruno) == [None, None]
    site.agrees()


def test_who_withdrew_is_not_made_to_agree_and_is_counted(site: Following, sign_in: SignIn) -> None:
    withdraws(site, ada), withdraws(site, mallory, "")
    page = does(sign_in(), "consent", ada, bruno, mallory, **FAIR)
    assert "1 person agrees" in page and "2 people withdrew or refused and were left so." in page
    assert answers(ada, bruno, mallory) == [False, True, None]
    page = does(sign_in(), "consent", ada, **FAIR)
    assert "Nobody changed. 1 person withdrew or refused and was left so." in page


def test_a_withdrawal_is_written_down_for_all_but_who_withdrew_already(site: Following, sign_in: SignIn) -> None:
    does(sign_in(), "consent", ada, **FAIR)
    withdraws(site, bruno)
    page = does(sign_in(), "consent", ada, bruno, mallory, **FAIR | {"answer": "no"})
    assert "Written down: no consent of 2 people" in page and "left so" not in page
    assert answers(ada, bruno, mallory) == [False] * 3
    undoes(sign_in(), page)
    assert answers(ada, bruno, mallory) == [True, False, None]
    site.agrees()


def test_many_are_long_work_that_says_how_many_were_spared_and_can_be_undone(
    site: Following, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "AT_ONCE", 1)
    monkeypatch.setattr(acting, "PORTION", 1)
    withdraws(site, ada)
    client: Client = sign_in()
    does(client, "consent", all="1", query="stage=lead", **FAIR)
    job = works(site)
    assert job.result == {"changed": 2, "total": 3, "left_out": 1}
    assert answers(ada, bruno, mallory) == [False, True, True]
    page = client.get(f"/work/{job.pk}/").content.decode()
    assert "because they withdrew or refused" in page
    undoes(client, page)
    works(site)
    assert answers(ada, bruno, mallory) == [False, None, None]
    site.agrees()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"purpose": "fax"}, "Choose a purpose."),
        ({"purpose": ""}, "Choose a purpose."),
        ({"answer": ""}, "Say whether they agree."),
        ({"how": "magic"}, "magic"),
        ({"at": "2999-01-01T00:00"}, "This lies ahead."),
        ({"language": "tlh"}, "tlh"),
    ],
)
def test_what_makes_no_sense_is_said_and_changes_nothing(sign_in: SignIn, change: dict[str, Any], says: str) -> None:
    assert says in does(sign_in(), "consent", ada, **FAIR | change)
    assert answers(ada) == [None]


def test_nobody_agrees_to_words_that_nobody_wrote(sign_in: SignIn) -> None:
    Purpose.objects.create(code="fax", label="Fax")
    assert "Nobody has written yet" in does(sign_in(), "consent", ada, **FAIR | {"purpose": "fax"})
    assert "no consent of 1 person" in does(sign_in(), "consent", ada, **FAIR | {"purpose": "fax", "answer": "no"})


def test_the_list_is_filtered_by_what_they_said(site: Following, sign_in: SignIn) -> None:
    client = sign_in()
    does(client, "consent", ada, **FAIR)
    withdraws(site, bruno)
    for answer, who in (("given", ada), ("withdrawn", bruno), ("unsaid", mallory)):
        page = client.get("/people/", {"consent.newsletter": answer}).content.decode()
        assert [each.mail in page for each in (ada, bruno, mallory)] == [each is who for each in (ada, bruno, mallory)]
        assert "News by e-mail" in page
    form = client.get("/people/filters/", {"consent.newsletter": "unsaid"}).content.decode()
    assert '<option value="unsaid" selected>' in form
    assert "consent.fax=given" in client.get("/people/", {"consent.fax": "given"}).content.decode()


def test_undoing_it_leaves_whoever_has_said_something_since(site: Following, sign_in: SignIn) -> None:
    client = sign_in()
    page = does(client, "consent", ada, bruno, mallory, **FAIR)
    site.follower.catch_up()
    withdraws(site, ada)
    mallorys = history_of(named(mallory).id)[-1]
    said = {"source": mallorys.source, "id": mallorys.id}
    record("fact_withdrawn", person=named(mallory).id, props=said, id="by-hand", by=named(mallory))
    site.follower.catch_up()
    assert "Undone. 2 have changed since and stay so." in undoes(client, page)
    site.follower.catch_up()
    assert answers(ada, bruno, mallory) == [False, None, None]
    withdrawals = [each for each in history_of(named(mallory).id) if each.kind == "fact_withdrawn"]
    assert [each.id for each in withdrawals] == ["by-hand"]
    site.agrees()
