import pytest

from embudo.core.event import DAY, Door, Verdict
from embudo.eventlog import Outcome
from embudo.leads.record import NotRecorded
from embudo.leads.story import history_of
from embudo.privacy.consent import Act, give, given, has_consent, standings, withdraw
from embudo.privacy.models import Purpose
from tests.cast import MONDAY, ada, bruno
from tests.leads.test_identity import merged
from tests.privacy.conftest import Following

Purposes = dict[str, Purpose]


def consents(person: int) -> dict[str, bool | None]:
    return {each.code: each.given if each.said else None for each in standings(history_of(person))}


def test_a_receipt_says_which_words_were_agreed_to_when_and_how(site: Following, purposes: Purposes) -> None:
    site.hears(ada.submits("contact"))
    wording = purposes["newsletter"].wording("es")
    receipt = give(wording, f"person:{ada.subject}", act=Act.STAFF, id="c1", at=5 * DAY, how="on the phone")
    assert receipt.outcome is Outcome.ACCEPTED
    standing = standings(history_of(ada.subject))[0]
    said = standing.said
    assert standing.given and said is not None
    assert said.at == 5 * DAY
    assert said.props == {
        "purpose": "newsletter", "wording_version": 1, "wording_language": "es", "wording_hash": wording.hash,
        "act": "staff", "how": "on the phone",
    }  # fmt: skip


def test_who_says_it_twice_says_it_once_and_another_answer_by_the_same_id_is_refused(
    site: Following, purposes: Purposes
) -> None:
    site.hears(ada.submits("contact"))
    wording, whose = purposes["newsletter"].wording("es"), f"person:{ada.subject}"
    give(wording, whose, act=Act.LINK, id="c1")
    assert give(wording, whose, act=Act.LINK, id="c1").outcome is Outcome.DUPLICATE
    with pytest.raises(NotRecorded):
        withdraw("newsletter", whose, act=Act.LINK, id="c1")


def test_a_form_keeps_the_answer_beside_the_submission(site: Following, purposes: Purposes) -> None:
    wording = purposes["phone"].wording("pt-br")
    site.hears(
        ada.submits("contact"),
        [given(wording, ada.mailbox, act=Act.TICKED, id="c1", form="f1", source="s1", door=Door.PUBLIC, site="s1")],
    )
    assert consents(ada.subject) == {"newsletter": None, "profiling": None, "phone": True}
    assert has_consent(history_of(ada.subject), "phone")
    assert not has_consent(history_of(ada.subject), "newsletter")
    site.agrees()


def test_a_machine_agrees_to_nothing(site: Following, purposes: Purposes) -> None:
    wording = purposes["phone"].wording("en")
    site.hears(ada.submits("contact"), [given(wording, ada.mailbox, act=Act.TICKED, id="c1", verdict=Verdict.MACHINE)])
    assert consents(ada.subject)["phone"] is None


def test_consents_come_together_in_a_merge_and_part_again(site: Following, purposes: Purposes) -> None:
    site.hears(ada.submits("contact"), bruno.submits("contact"))
    give(purposes["phone"].wording("en"), f"person:{ada.subject}", act=Act.STAFF, id="c1", at=DAY)
    withdraw("phone", f"person:{bruno.subject}", act=Act.STAFF, id="c2", at=2 * DAY)
    give(purposes["newsletter"].wording("en"), f"person:{bruno.subject}", act=Act.STAFF, id="c3", at=DAY)
    alone = consents(ada.subject), consents(bruno.subject)
    site.hears(merged(ada.subject, bruno.subject))
    assert consents(ada.subject) == {"newsletter": True, "profiling": None, "phone": False}
    site.hears(merged(ada.subject, bruno.subject, kind="people_unmerged", at=MONDAY + 30 * DAY))
    assert (consents(ada.subject), consents(bruno.subject)) == alone
    assert alone[0]["phone"] is True and alone[1]["phone"] is False
    site.agrees()


def test_a_purpose_that_only_facts_know_is_shown_and_an_archived_one_only_when_answered(
    site: Following, purposes: Purposes
) -> None:
    site.hears(ada.submits("contact"))
    withdraw("fax", f"person:{ada.subject}", act=Act.STAFF, id="c1")
    Purpose.objects.filter(code="phone").update(archived_at="2026-01-01T00:00Z")
    assert consents(ada.subject) == {"newsletter": None, "profiling": None, "fax": False}
