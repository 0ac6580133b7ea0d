"""Who is who: the identifiers of an event, what it claims about them, and which claims are believed.

An identifier nobody linked belongs to the person of its own subject. A claim is decided once, in log
order, against what is known then; the decision is itself a fact (DESIGN 9.4), and `Identity` is the
plain reading of those facts.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from embudo.core.event import Door, Event, Verdict, is_anonymous, subject_of

MAIL = re.compile(r"[^\s@<>(),;:\"\[\]\\]{1,64}@[^\s@<>(),;:\"\[\]\\]{1,255}\.[^\s@.<>(),;:\"\[\]\\]{2,63}")
PHONE, PHONE_NOISE = re.compile(r"\+[1-9]\d{6,14}"), re.compile(r"[\s().\-/]")
SOCIAL = {  # attribute -> what the address of a profile looks like
    "linkedin": re.compile(r"(?:https?://)?(?:[a-z]{2,3}\.)?linkedin\.com/(in|pub|company)/([^/?#\s]+).*", re.I),
    "twitter": re.compile(r"(?:https?://)?(?:www\.|mobile\.)?(?:twitter|x)\.com/()@?(\w{1,30}).*", re.I),
    "facebook": re.compile(r"(?:https?://)?(?:www\.|m\.|[a-z-]{5}\.)?facebook\.com/()([\w.]{3,80}).*", re.I),
    "instagram": re.compile(r"(?:https?://)?(?:www\.)?instagram\.com/()([\w.]{1,40}).*", re.I),
}
NO_PROFILE = frozenset("share sharer home intent login search profile.php pages groups company".split())
ROLE_MAILBOXES = frozenset(
    "admin administracion administrativo atencion billing compras comercial contabilidad contact contacto contato "
    "enquiries facturacion faturamento finance financeiro hello help hola hr info informacion legal mail marketing "
    "noreply no-reply office oficina ola rh rrhh sales secretaria service soporte suporte support ventas vendas".split()
)

ALIAS = "identity_claimed"
NAMING = ("email", "phone", "name", "first_name", "last_name")  # attributes that say who somebody is


class Strength(IntEnum):
    """How much evidence is worth; more wins over less, and the first keeps against its equal (DESIGN 9.5)."""

    CLICKED = 1  # a link of a mail was opened: mails get forwarded
    CLAIMED = 2  # typed into a public page
    CONFIRMED = 3  # a signed link or a double opt-in
    STATED = 4  # by a server or an import
    BY_HAND = 5  # by a person in the app
    OWN = 6  # the identifier is the person


@dataclass(frozen=True, slots=True)
class Claim:
    """What a fact says: `others` name the same person as `identifier`."""

    identifier: str
    others: tuple[str, ...]
    evidence: str  # "form", "identify", "mail_click", ... for people to read
    strength: Strength


@dataclass(frozen=True, slots=True)
class Owner:
    """To whom an identifier belongs: the surviving person, by how strong a link, and the person's named identifiers."""

    person: int
    strength: Strength
    named: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Link:
    """The identifier belongs to the person from now on, with all its facts."""

    identifier: str
    person: int
    evidence: str
    strength: Strength


@dataclass(frozen=True, slots=True)
class Merge:
    """Two known people are one; the absorbed id stays valid as a pointer."""

    survivor: int
    absorbed: int
    evidence: str


@dataclass(frozen=True, slots=True)
class Dispute:
    """The claim is not believed: `person` keeps the identifier; people may decide otherwise."""

    identifier: str
    person: int
    claimed_by: int
    evidence: str


@dataclass(frozen=True, slots=True)
class Release:
    """Nothing links the identifier any more: it is its own again since `at`; None: as if it had never been seen."""

    identifier: str
    at: int | None


@dataclass(frozen=True, slots=True)
class Parting:
    """The fact on which a merge rested was taken back: two people again, whom other evidence may join."""

    survivor: int
    absorbed: int


Decision = Link | Merge | Dispute | Release | Parting
OwnerOf = Callable[[str], Owner | None]  # None: never seen
Apart = Callable[[int, int], bool]  # whether a person in the app said that these two are not one


def mail_identifier(text: object) -> str | None:
    """Return "mail:<address>", lower case, or None when the text is no mail address."""
    if not isinstance(text, str):
        return None
    address = text.strip().lower()
    return f"mail:{address}" if len(address) <= 254 and MAIL.fullmatch(address) else None


def phone_identifier(text: object) -> str | None:
    """Return "phone:+<digits>" of an international number (E.164), or None."""
    if not isinstance(text, str):
        return None
    digits = PHONE_NOISE.sub("", text)
    return f"phone:{digits}" if PHONE.fullmatch(digits) else None


def social_identifier(network: str, text: object) -> str | None:
    """Return "social:linkedin/<name>" of the address of a person's profile, or None when it is none."""
    found = SOCIAL[network].fullmatch(text.strip()) if isinstance(text, str) and len(text) <= 300 else None
    if found is None or found[2].lower() in NO_PROFILE or found[1].lower() == "company":
        return None
    return f"social:{network}/{found[2].lower()}"


def identifiers(
    *,
    door: Door,
    user_id: str | None,
    anonymous_id: str | None,
    traits: Mapping[str, Any],
    previous_id: str | None = None,
) -> tuple[str, ...]:
    """Return the identifiers a message carries, strongest first, each once; the first one routes the fact.

    A user id is strongest from a server and weaker than a mail address from a public page. Profiles of social
    networks name somebody in imports and where people here state them: elsewhere anybody could claim one.
    """
    if not (user_id or traits or previous_id):
        return (f"anon:{anonymous_id}",) if anonymous_id else ()
    user = f"user:{user_id}" if user_id else None
    mail, phone = mail_identifier(traits.get("email")), phone_identifier(traits.get("phone"))
    named: tuple[str | None, ...] = (mail, phone, user) if door is Door.PUBLIC else (user, mail, phone)
    if (door is Door.IMPORT or door is Door.APP) and not SOCIAL.keys().isdisjoint(traits):
        named = (*named, *(social_identifier(each, traits[each]) for each in SOCIAL if each in traits))
    previous = None
    if previous_id:
        previous = mail_identifier(previous_id) or f"{'anon' if door is Door.PUBLIC else 'user'}:{previous_id}"
    anonymous = f"anon:{anonymous_id}" if anonymous_id else None
    return tuple(dict.fromkeys([each for each in (*named, previous, anonymous) if each]))


def names_somebody(event: Event) -> bool:
    """Return whether the event says who somebody is, which makes a lead of a visitor.

    Any identifier but a browser's does; what people in the app write of a visitor does when it holds a name or address.
    """
    if event.identifier.startswith("person:"):
        stated = event.props.get("traits")
        return isinstance(stated, Mapping) and any(stated.get(name) for name in NAMING)
    return not is_anonymous(event.identifier)


def carried(event: Event) -> tuple[str, ...]:
    """Return all identifiers an event carries, its own first.

    Only an alias names a previous id: "previousId" among the properties of anything else means what its sender likes.
    """
    stated = event.props.get("traits")
    found = identifiers(
        door=event.door,
        user_id=event.user_id,
        anonymous_id=event.anonymous_id,
        traits=stated if isinstance(stated, Mapping) else {},
        previous_id=event.props.get("previous_id") if event.kind == ALIAS else None,
    )
    return tuple(dict.fromkeys((event.identifier, *found)))


def claim_of(event: Event) -> Claim | None:
    """Return what the event claims about identity, or None; machines and Embudo's own records claim nothing."""
    if event.verdict is Verdict.MACHINE or event.door is Door.SYSTEM or is_anonymous(event.identifier):
        return None
    others = tuple(each for each in carried(event)[1:] if not each.startswith("daily:"))
    if not others:
        return None
    return Claim(event.identifier, others, _evidence(event), _strength(event))


def decide(claim: Claim, owner_of: OwnerOf, apart: Apart) -> list[Decision]:
    """Return what follows from a claim, given what is known: links, merges and disputes, possibly none."""
    decisions: list[Decision] = []
    target = _target(claim, owner_of, decisions)
    joined = {target.person}
    for other in sorted(claim.others, key=_is_phone):  # a phone says least, so all other names are known before it
        owner = owner_of(other)
        if is_anonymous(other):
            decisions += _browser(claim, target.person, other, owner)
            continue
        if owner is not None and owner.person in joined:
            continue
        found = _named(claim, target, other, owner, apart)
        decisions += found
        if not any(isinstance(each, Dispute) for each in found):
            joined |= {owner.person} if owner else set()
            target = replace(target, named=target.named | {other} | (owner.named if owner else frozenset()))
    return decisions


def _is_phone(identifier: str) -> bool:
    return identifier.startswith("phone:")


def _target(claim: Claim, owner_of: OwnerOf, decisions: list[Decision]) -> Owner:
    """The person the claim is about; a strong claim takes its identifier back from a weaker link it contradicts."""
    own = Owner(subject_of(claim.identifier), Strength.OWN, frozenset((claim.identifier,)))
    owner = owner_of(claim.identifier) or own
    named = [each for each in claim.others if not is_anonymous(each)]
    contradicted = bool(named) and not any(each in owner.named for each in named) and owner.person != own.person
    if contradicted and owner.strength < Strength.STATED <= claim.strength:
        decisions.append(Link(claim.identifier, own.person, claim.evidence, claim.strength))
        return own
    return owner


def _browser(claim: Claim, person: int, browser: str, owner: Owner | None) -> list[Decision]:
    if is_role_mailbox(claim.identifier) and claim.strength < Strength.STATED:
        return []  # many people read one office mailbox: it says nothing about a browser
    unlinked = owner is None or owner.person == subject_of(browser)
    if unlinked or (owner and claim.strength > owner.strength):
        return [Link(browser, person, claim.evidence, claim.strength)]
    if owner and owner.person != person:
        return [Dispute(browser, owner.person, person, claim.evidence)]
    return []


def _named(claim: Claim, target: Owner, other: str, owner: Owner | None, apart: Apart) -> list[Decision]:
    if owner is None:
        return [Link(other, target.person, claim.evidence, claim.strength)]
    believed = claim.strength >= Strength.STATED and not apart(target.person, owner.person)
    if not believed or _differ(target, owner, via=other):
        return [Dispute(other, owner.person, target.person, claim.evidence)]
    return [Merge(target.person, owner.person, claim.evidence)]


def _differ(one: Owner, other: Owner, *, via: str) -> bool:
    """Two accounts are two people; and a phone alone does not join two mail addresses: offices share phones."""
    for kind in ("user:", "mail:") if _is_phone(via) else ("user:",):
        mine = {each for each in one.named if each.startswith(kind)}
        theirs = {each for each in other.named if each.startswith(kind)}
        if mine and theirs and not mine & theirs:
            return True
    return False


def is_role_mailbox(identifier: str) -> bool:
    """Return whether a mail address belongs to an office, not to a person (info@, ventas@, contato@)."""
    return identifier.startswith("mail:") and re.split("[@+]", identifier[5:], maxsplit=1)[0] in ROLE_MAILBOXES


def _evidence(event: Event) -> str:
    match event.kind:
        case "form_submitted":
            return "form"
        case "mail_clicked":
            return "mail_click"
        case "mail_confirmed":
            return "confirmation"
        case "identity_claimed":
            return "alias"
    return "import" if event.door is Door.IMPORT else "by_hand" if event.door is Door.APP else "identify"


def _strength(event: Event) -> Strength:
    match event.door, event.kind:
        case Door.APP, _:
            return Strength.BY_HAND
        case _, "mail_clicked":
            return Strength.CLICKED
        case _, "mail_confirmed":
            return Strength.CONFIRMED
        case Door.PUBLIC, _:
            return Strength.CLAIMED
    return Strength.STATED


@dataclass
class Identity:
    """The plain reading of identity facts, in log order: who owns which identifier, who was merged into whom."""

    links: dict[str, tuple[int, Strength]] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)
    unmerged: set[frozenset[int]] = field(default_factory=set)
    seen: dict[int, set[str]] = field(default_factory=dict)  # root person -> named identifiers

    def see(self, event: Event) -> None:
        """Take note of one fact of the log, of any kind."""
        match event.kind:
            case "identity_linked" if event.door is Door.SYSTEM or event.door is Door.APP:
                self.link(event.props["identifier"], int(event.props["person"]), Strength(event.props["strength"]))
            case "people_merged" if event.door is Door.SYSTEM or event.door is Door.APP:
                self.merge(int(event.props["survivor"]), int(event.props["absorbed"]))
            case "identity_released" if event.door is Door.SYSTEM:
                self.release(event.props["identifier"], own=event.props.get("since") is not None)
            case "people_parted" if event.door is Door.SYSTEM:
                self.merged.pop(int(event.props["absorbed"]), None)
            case "people_unmerged" if event.door is Door.APP:
                self.unmerge(int(event.props["survivor"]), int(event.props["absorbed"]))
            case _ if not is_anonymous(event.identifier) and not event.identifier.startswith("person:"):
                self.seen.setdefault(self.holder(event.identifier), set()).add(event.identifier)

    def holder(self, identifier: str) -> int:
        """Return the person an identifier belongs to before merges."""
        link = self.links.get(identifier)
        return link[0] if link else subject_of(identifier)

    def root(self, person: int) -> int:
        """Return the surviving person."""
        while person in self.merged:
            person = self.merged[person]
        return person

    def person_of(self, identifier: str) -> int:
        """Return the surviving person an identifier belongs to."""
        return self.root(self.holder(identifier))

    def owner_of(self, identifier: str) -> Owner | None:
        """Return who owns the identifier, or None when no named fact or link ever mentioned it."""
        link = self.links.get(identifier)
        if link is None and identifier not in self.seen.get(subject_of(identifier), ()):
            return None
        person = self.person_of(identifier)
        return Owner(person, link[1] if link else Strength.OWN, self.named(person))

    def named(self, person: int) -> frozenset[str]:
        """Return the named identifiers of a surviving person."""
        roots: Iterable[int] = [each for each in self.seen if self.root(each) == person]
        return frozenset(identifier for each in roots for identifier in self.seen[each])

    def apart(self, one: int, other: int) -> bool:
        """Return whether a person in the app took these two apart, or two who were merged into them since."""
        return any({self.root(each) for each in pair} == {one, other} for pair in self.unmerged)

    def link(self, identifier: str, person: int, strength: Strength) -> None:
        """Give the identifier to a person."""
        if not is_anonymous(identifier):
            self.seen.get(self.holder(identifier), set()).discard(identifier)
            self.seen.setdefault(person, set()).add(identifier)
        self.links[identifier] = (person, strength)

    def release(self, identifier: str, *, own: bool) -> None:
        """Take the identifier from whoever holds it; `own` when facts of its own still carry it."""
        self.seen.get(self.holder(identifier), set()).discard(identifier)
        self.links.pop(identifier, None)
        if own and not is_anonymous(identifier):
            self.seen.setdefault(subject_of(identifier), set()).add(identifier)

    def merge(self, survivor: int, absorbed: int) -> None:
        """Point one person at another; merging a person into itself or twice changes nothing."""
        survivor, absorbed = self.root(survivor), self.root(absorbed)
        if survivor != absorbed:
            self.merged[absorbed] = survivor

    def unmerge(self, survivor: int, absorbed: int) -> None:
        """Take the pointer away and remember that these two are not one."""
        if self.merged.get(absorbed) is not None and self.root(absorbed) == self.root(survivor):
            self.unmerged.add(frozenset((self.merged.pop(absorbed), absorbed)))
