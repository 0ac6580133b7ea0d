"""The ordinary records of the demo company."""

import pytest

from embudo.accounts.models import AuditEntry, User
from embudo.core.lifecycle import PROSPECT
from embudo.demo.records import give_owners
from embudo.leads.models import OwnerChange, Person, StageChange
from tests.cast import MONDAY, ada


@pytest.mark.django_db
def test_an_owner_is_given_with_the_hand_off_they_accepted_not_when_the_demo_is_made() -> None:
    rep = User.objects.create(email="lucia@rutalba.example", name="Lucía", role="sales")
    Person.objects.create(id=ada.subject, mail=ada.mail, created_at=MONDAY, first_seen_at=MONDAY, last_seen_at=MONDAY)
    StageChange.objects.create(person_id=ada.subject, to_stage=PROSPECT, at=MONDAY, recorded_at=MONDAY)
    give_owners({ada.mailbox: rep.email})
    assert Person.objects.get().owner == rep
    assert [(each.owner, each.at) for each in OwnerChange.objects.all()] == [(rep, MONDAY)]
    assert [(each.verb, each.detail["now"]) for each in AuditEntry.objects.all()] == [("owner_changed", str(rep))]
    give_owners({ada.mailbox: rep.email})
    assert OwnerChange.objects.count() == 1
