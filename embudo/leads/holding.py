"""Who else has an address, a number or a profile that somebody is about to state of a person."""

from collections.abc import Iterable
from functools import partial

from embudo.core.event import subject_of
from embudo.core.identity import SOCIAL, mail_identifier, phone_identifier, social_identifier
from embudo.leads.models import Identifier, Person
from embudo.leads.story import survivor_of

NAMED_BY = {
    "email": mail_identifier,
    "phone": phone_identifier,
    **{network: partial(social_identifier, network) for network in SOCIAL},
}


def other_holder(person: Person, name: str, value: object) -> Person | None:
    """Return somebody else with this address, number or profile where stating it would join the two unasked.

    Colleagues share phones: two people with mail addresses of their own stay two.
    """
    identifier = NAMED_BY[name](value)
    return joined_by(person, [identifier] if identifier else [])


def joined_by(person: Person, identifiers: Iterable[str]) -> Person | None:
    """Return somebody else whom one of these identifiers, stated of a person, would join with them; None: nobody."""
    for identifier in identifiers:
        held = Identifier.objects.filter(subject=subject_of(identifier)).select_related("person").first()
        other = survivor_of(held.person) if held else person
        shared = identifier.startswith("phone:") and person.mail and other.mail
        if other.id != person.id and not shared:
            return other
    return None
