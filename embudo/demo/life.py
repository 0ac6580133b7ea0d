"""One human's life with the company as facts: who they are, which browser they use, what was written down."""

from dataclasses import dataclass, field
from random import Random
from typing import Any

from embudo.core.event import HOUR, Door, Event, Verdict, subject_of
from embudo.demo.persona import Persona, slug
from embudo.demo.world import APP_SITE, WWW, Source, Staff, world

NOTHING: dict[str, Any] = {}


@dataclass(slots=True)
class Life:
    """What the generator keeps of a person while it tells their story."""

    number: int
    random: Random
    persona: Persona
    source: Source
    began_at: int
    until: int
    browser: str = ""
    agent: str = ""
    mail: str = ""  # once they gave it
    subscribed: bool = False
    traits: dict[str, Any] = field(default_factory=dict)  # what they stated so far
    facts: list[Event] = field(default_factory=list)
    now: int = 0  # the latest instant told
    warmth: float = 0.0  # intent as it is today: interest that grows or is lost
    rep: Staff | None = None
    referrals: list[tuple[int, str]] = field(default_factory=list)  # when they sent somebody, and their code

    def __post_init__(self) -> None:
        self.warmth = self.persona.intent
        self.take_browser()

    def take_browser(self) -> None:
        """Go on with a browser that was never seen before."""
        self.browser = new_id(self.random)
        self.agent = self.random.choice(world().marketing["agents"])

    @property
    def anonymous(self) -> str:
        """The identifier of the browser in use."""
        return f"anon:{self.browser}"

    @property
    def address(self) -> str:
        """The mail address they would give."""
        who = self.persona
        domain = who.employer.domain
        if who.free_mail:
            domain = world().companies["free_mail"][self.number % len(world().companies["free_mail"])]
            return f"{slug(who.first)}.{slug(who.last)}{self.number % 9973}@{domain}"
        return f"{slug(who.first)}.{slug(who.last)}@{domain}"

    def browses(self, kind: str, at: int, props: dict[str, Any], context: dict[str, Any], *, site: str = WWW) -> str:
        """Write a fact that the tracker sent from their browser and return its id."""
        named = props.get("traits", NOTHING).get("email")
        identifier = f"mail:{named}" if named else self.anonymous
        delay = 60_000 + int(self.random.random() * 700_000)
        if self.random.random() < 0.002:  # the phone was offline
            delay = int((0.2 + self.random.random() * 8) * HOUR)
        return self.write(
            site,
            kind,
            at,
            identifier,
            props,
            context,
            door=Door.PUBLIC,
            anonymous_id=self.browser,
            site=site,
            delay=delay,
        )

    def writes(
        self,
        source: str,
        kind: str,
        at: int,
        props: dict[str, Any],
        *,
        door: Door,
        verdict: Verdict = Verdict.HUMAN,
        reasons: tuple[str, ...] = (),
    ) -> str:
        """Write a fact about them that a server, a person in the app or a mail gateway knows, and return its id."""
        return self.write(
            source, kind, at, f"mail:{self.mail}", props, NOTHING, door=door, verdict=verdict, reasons=reasons
        )

    def account(self, kind: str, at: int, props: dict[str, Any]) -> str:
        """Write a fact that the product's server sends about their account, and return its id."""
        user = f"account-{self.number}"
        props = {**props, "traits": {"email": self.mail}}
        return self.write(
            APP_SITE, kind, at, f"user:{user}", props, NOTHING, door=Door.SECRET, user_id=user, site=APP_SITE
        )

    def app(self, kind: str, at: int, props: dict[str, Any], by: Staff) -> str:
        """Write a fact that somebody at the company recorded in the app and return its id."""
        identifier, context = f"mail:{self.mail}", {"by_name": by.name}
        return self.write("app", kind, at, identifier, {**props, "by": by.mail}, context, door=Door.APP)

    def write(
        self,
        source: str,
        kind: str,
        at: int,
        identifier: str,
        props: dict[str, Any],
        context: dict[str, Any],
        *,
        door: Door,
        verdict: Verdict = Verdict.HUMAN,
        reasons: tuple[str, ...] = (),
        anonymous_id: str | None = None,
        user_id: str | None = None,
        site: str = "",
        delay: int = 1000,
    ) -> str:
        """Write any fact and return its id; what lies after the end of the history is not told."""
        number = new_id(self.random)
        self.now = max(self.now, at)
        if at + delay <= self.until:
            received_at = at + delay
            self.facts.append(
                Event(
                    source, number, kind, at, received_at, received_at, identifier, subject_of(identifier),
                    door, verdict, reasons, anonymous_id, user_id, site, props, context,
                )
            )  # fmt: skip
        return number

    def states(self, *names: str) -> dict[str, Any]:
        """Return the named traits as they would type them, remembering that they are stated."""
        told = {name: value for name, value in self.truth().items() if name in names}
        self.traits.update(told)
        return told

    def truth(self) -> dict[str, Any]:
        """Return everything somebody could know about them."""
        who, works_at = self.persona, self.persona.employer
        return {
            "email": self.mail or self.address,
            "first_name": who.first,
            "last_name": who.last,
            "name": who.name,
            "title": who.title,
            "role": who.role,
            "company": works_at.name,
            "industry": works_at.industry,
            "company_size": works_at.size,
            "country": works_at.country,
            "city": works_at.city,
            "language": who.language,
            "budget": who.budget,
        }


def new_id(random: Random) -> str:
    """Return an id in the form of a random UUID (RFC 9562, version 4)."""
    bits = f"{random.getrandbits(128):032x}"
    return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:]}"
