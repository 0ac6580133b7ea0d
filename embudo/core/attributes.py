"""Which value each attribute of a person has at an instant: the latest of the strongest source that said so.

A fact states attributes in `props["traits"]`. What anybody can type into a public page is weaker than
what a server, an import or a person in the app says, and never overwrites it, whatever the order of
arrival. The rule takes the greatest (strength, at, id, source), so it does not depend on that order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from embudo.core.event import Door, Event, Verdict

# The attributes every install knows; any other name is a company's own.
STANDARD = frozenset(
    "email phone name first_name last_name title company company_domain company_size industry country state city "
    "postal_code street language budget website gender birthday age interests timezone".split()
)

NO_TRAITS: Mapping[str, Any] = {}


class Source(IntEnum):
    """How strong a statement of an attribute is."""

    CLAIMED = 0  # through a public key
    STATED = 1  # by a server, an import, a person in the app


@dataclass(frozen=True, slots=True)
class Stated:
    """One statement of one attribute; `value` None says that it was cleared."""

    source: Source
    at: int
    id: str
    origin: str
    value: Any

    @property
    def rank(self) -> tuple[int, int, str, str]:
        """The greatest rank is the value in force."""
        return (self.source, self.at, self.id, self.origin)


Profile = Mapping[str, Stated]


def traits(event: Event) -> Mapping[str, Any]:
    """Return the attributes the event states; machines state none."""
    stated = event.props.get("traits")
    if not isinstance(stated, Mapping) or event.verdict is Verdict.MACHINE:
        return NO_TRAITS
    return stated


def source_of(event: Event) -> Source:
    """Return how strong what the event states is."""
    return Source.CLAIMED if event.door is Door.PUBLIC else Source.STATED


def stated_by(event: Event) -> dict[str, Stated]:
    """Return the statements of the event, by attribute."""
    source = source_of(event)
    return {name: Stated(source, event.at, event.id, event.source, value) for name, value in traits(event).items()}


def joined(profile: Profile, stated: Mapping[str, Stated]) -> dict[str, Stated]:
    """Return the profile with further statements; of two on one attribute the greater rank stays."""
    result = dict(profile)
    for name, each in stated.items():
        kept = result.get(name)
        if kept is None or each.rank > kept.rank:
            result[name] = each
    return result


def values(profile: Profile) -> dict[str, Any]:
    """Return the value of each attribute that has one."""
    return {name: each.value for name, each in profile.items() if each.value is not None and each.value != ""}


def resolve(history: Iterable[Event], at: int) -> dict[str, Any]:
    """Return the value of each attribute at the instant, from the facts of one person."""
    profile: dict[str, Stated] = {}
    for event in history:
        if event.at <= at and "traits" in event.props:
            profile = joined(profile, stated_by(event))
    return values(profile)
