"""Who else has a mail address or a phone number that somebody is about to state of a person."""

from embudo.core.event import subject_of
from embudo.core.identity import mail_identifier, phone_identifier
from embudo.leads.models import Identifier, Person
from embudo.leads.story import survivor_of

NAMED_BY = {"email": mail_identifier, "phone": phone_identifier}


def other_holder(person: Person, name: str, value: object) -> Person | None:
    """Return somebody else with this address or number where stating it would join the two unasked (core/identity.py).

    Colleagues share phones: two people with mail addresses of their own stay two.
    """
    identifier = NAMED_BY[name](value)
    held = Identifier.objects.filter(subject=subject_of(identifier)).select_related("person") if identifier else None
    other = survivor_of(each.person) if held and (each := held.first()) else person
    if other.id == person.id or (name == "phone" and person.mail and other.mail):
        return None
    return other
