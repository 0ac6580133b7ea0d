"""The people every test borrows, and the small language in which tests tell what they did.

    ada.visits("/pricing", reads_s=40).later(hours=2).requests("demo")

is a Journey: a growing, immutable sequence of core Events with ids that are the same in every run. Without
a clock: a journey begins on Monday 2 March 2026, 09:00 UTC, and goes on a minute with each verb.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, overload

from embudo.core.event import DAY, HOUR, MINUTE, SECOND, Door, Event, Verdict, subject_of

MONDAY = 1_772_442_000 * SECOND  # 2026-03-02 09:00 UTC
SITE = "site-norte"  # the public id of the cast's web site


@dataclass(frozen=True)
class Someone:
    """A fictional person: who they are, and the browser they use. Any verb of Journey starts their journey."""

    name: str
    mail: str
    phone: str = ""
    title: str = ""
    company: str = ""
    industry: str = ""
    company_size: int | None = None
    country: str = ""
    city: str = ""
    language: str = "en"
    browser: str = ""
    budget: int | None = None

    @property
    def traits(self) -> dict[str, Any]:
        """What they would write in a form."""
        stated = {
            "email": self.mail, "name": self.name, "phone": self.phone, "title": self.title, "company": self.company,
            "industry": self.industry, "company_size": self.company_size, "country": self.country, "city": self.city,
            "language": self.language, "budget": self.budget,
        }  # fmt: skip
        return {name: value for name, value in stated.items() if value not in ("", None)}

    @property
    def anonymous(self) -> str:
        """The identifier of their browser."""
        return f"anon:{self.browser}"

    @property
    def mailbox(self) -> str:
        """The identifier of their mail address."""
        return f"mail:{self.mail.lower()}"

    @property
    def visitor(self) -> int:
        """The subject of their browser: the id of the person they are when they come as a visitor first."""
        return subject_of(self.anonymous)

    @property
    def subject(self) -> int:
        """The subject of their mail address."""
        return subject_of(self.mailbox)

    def journey(self, at: int = MONDAY) -> "Journey":
        """Return an empty journey that begins at the instant."""
        return Journey(self, at=at)

    def on_another_browser(self, browser: str) -> "Someone":
        """Return the same person on a further device."""
        return replace(self, browser=browser)

    def __getattr__(self, verb: str) -> Any:
        if verb.startswith("_"):
            raise AttributeError(verb)
        return getattr(self.journey(), verb)


@dataclass(frozen=True)
class Journey(Sequence[Event]):
    """What somebody did so far; each verb returns a longer journey. `at` is the instant of the next fact."""

    who: Someone
    at: int = MONDAY
    events: tuple[Event, ...] = ()
    verdict: Verdict = Verdict.HUMAN
    door: Door = Door.PUBLIC
    context: Mapping[str, Any] = field(default_factory=dict)

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | Sequence[Event]:
        return self.events[index]

    def __len__(self) -> int:
        return len(self.events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)

    # -- time and circumstances ------------------------------------------------------------------------

    def later(self, *, days: float = 0, hours: float = 0, minutes: float = 0) -> "Journey":
        """Time passes before the next fact."""
        return replace(self, at=self.at + round(days * DAY + hours * HOUR + minutes * MINUTE))

    def since(self, at: int) -> "Journey":
        """The next fact happens at this instant."""
        return replace(self, at=at)

    def by_machine(self) -> "Journey":
        """What follows is done by a mail scanner or a crawler."""
        return replace(self, verdict=Verdict.MACHINE)

    def by_hand(self) -> "Journey":
        """What follows is done by the person again."""
        return replace(self, verdict=Verdict.HUMAN)

    def through(self, door: Door) -> "Journey":
        """What follows comes in by this door."""
        return replace(self, door=door)

    def coming_from(self, source: str, medium: str = "", campaign: str = "", referrer: str = "") -> "Journey":
        """What follows carries these campaign parameters."""
        utm = {"source": source, "medium": medium, "campaign": campaign}
        context = {"utm": {name: value for name, value in utm.items() if value}, "referrer": referrer}
        return replace(self, context={name: value for name, value in context.items() if value})

    # -- what people do --------------------------------------------------------------------------------

    def does(self, kind: str, **props: Any) -> "Journey":
        """Any fact, with these properties."""
        return self._with(kind, props)

    def visits(
        self, path: str, *, title: str = "", topic: str = "", reads_s: float | None = None, scrolls: float = 1.0
    ) -> "Journey":
        """Opens a page; with `reads_s` the reading time follows when they leave, as the tracker sends it."""
        props = {"path": path, "url": f"https://norte.example{path}", "title": title, "topic": topic}
        seen = self._with("page_viewed", {name: value for name, value in props.items() if value})
        if reads_s is None:
            return seen
        left = {"path": path, "dwell_s": reads_s, "scroll_share": scrolls, "view": seen[-1].id}
        if topic:
            left["topic"] = topic
        return replace(seen, at=self.at + round(reads_s * SECOND))._with("page_read", left)

    def submits(self, form: str, **answers: Any) -> "Journey":
        """Fills a form in with who they are; `answers` are its other fields."""
        return self._with("form_submitted", {"form": form, "traits": self.who.traits, "fields": answers})

    def requests(self, what: str) -> "Journey":
        """Asks for a demo or a quote, and says who they are."""
        return self._with(f"{what}_requested", {"traits": self.who.traits})

    def starts_trial(self) -> "Journey":
        """Starts a trial, and says who they are."""
        return self._with("trial_started", {"traits": self.who.traits})

    def subscribes(self) -> "Journey":
        """Subscribes to the newsletter with the mail address only."""
        return self._with("newsletter_subscribed", {"traits": {"email": self.who.mail}})

    def says(self, **traits: Any) -> "Journey":
        """States these attributes, with their mail address."""
        return self._with("profile_changed", {"traits": {"email": self.who.mail, **traits}})

    def downloads(self, name: str) -> "Journey":
        """Downloads a document."""
        return self._with("content_downloaded", {"name": name})

    def opens(self, mail: str) -> "Journey":
        """Opens a mail that was sent to them."""
        return self._addressed("mail_opened", {"name": mail})

    def clicks(self, mail: str) -> "Journey":
        """Follows a link of a mail that was sent to them."""
        return self._addressed("mail_clicked", {"name": mail})

    def attends(self, name: str) -> "Journey":
        """Comes to an event or webinar."""
        return self._addressed("event_attended", {"name": name})

    def meets(self, about: str = "") -> "Journey":
        """Has a meeting with sales."""
        return self._addressed("meeting_held", {"name": about})

    def buys(self, amount: float, currency: str = "USD") -> "Journey":
        """Pays for something."""
        return self._addressed("purchase_made", {"amount": amount, "currency": currency})

    def answers(self, score: int) -> "Journey":
        """Answers how likely they are to recommend us, 0 to 10."""
        return self._addressed("survey_answered", {"score": score})

    def refers(self, friend: Someone) -> "Journey":
        """Brings somebody new."""
        return self._addressed("referral_made", {"name": friend.name})

    # -- what people in the app say about them ---------------------------------------------------------

    def is_told(self, kind: str, **props: Any) -> "Journey":
        """A fact that a person in the app records, such as `handoff_accepted` or `stage_set`."""
        return self._with(kind, props, source="app", door=Door.APP, identifier=self.who.mailbox)

    # -- how a fact is made ----------------------------------------------------------------------------

    def _addressed(self, kind: str, props: Mapping[str, Any]) -> "Journey":
        """A fact that comes from a server which knows the mail address."""
        return self._with(kind, props, door=Door.SECRET, identifier=self.who.mailbox)

    def _with(
        self,
        kind: str,
        props: Mapping[str, Any],
        *,
        source: str = SITE,
        door: Door | None = None,
        identifier: str = "",
    ) -> "Journey":
        traits = props.get("traits")
        named = isinstance(traits, Mapping) and traits.get("email")
        identifier = identifier or (f"mail:{traits['email'].lower()}" if named else self.who.anonymous)
        from_browser = not identifier.startswith("mail:") or named
        event = Event(
            source=source,
            id=f"{self.who.browser}-{self.at}-{len(self.events)}",
            kind=kind,
            at=self.at,
            received_at=self.at + SECOND // 10,
            known_at=self.at + SECOND // 10,
            identifier=identifier,
            subject=subject_of(identifier),
            door=door or self.door,
            verdict=self.verdict,
            reasons=("user_agent:bot",) if self.verdict is Verdict.MACHINE else (),
            anonymous_id=self.who.browser if from_browser and door is None else None,
            site=SITE if source == SITE else "",
            props=dict(props),
            context=dict(self.context),
        )
        return replace(self, at=self.at + MINUTE, events=(*self.events, event))


ada = Someone(
    "Ada Okafor", "ada@norte.example", "+528181234567", "Operations director", "Norte Logística", "logistics", 180,
    "MX", "Monterrey", "es", "ada-laptop", 40_000,
)  # fmt: skip
bruno = Someone(
    "Bruno Nogueira", "bruno@serra.example", "+5511987654321", "Field service manager", "Serra Azul Energia", "energy",
    90, "BR", "Curitiba", "pt-br", "bruno-phone", 15_000,
)  # fmt: skip
clara = Someone(
    "Clara Whitfield", "clara@brightwater.example", "+441134960000", "Head of operations", "Brightwater Facilities",
    "facilities", 450, "GB", "Leeds", "en", "clara-laptop", 80_000,
)  # fmt: skip
diego = Someone("Diego Peña", "diego.pena@gmail.com", "", "Student", language="es", country="AR", browser="diego-phone")
eva = Someone("Eva Lindqvist", "eva@ribera.example", company="Ribera Aguas", browser="eva-tablet")
mallory = Someone(  # everything she writes tries to become code
    "<script>alert('name')</script>", "mallory@evil.example", title='"><img src=x onerror=alert(1)>',
    company="{{ 7|add:7 }}<svg onload=alert(2)>", city="javascript:alert(3)", browser="mallory-laptop",
)  # fmt: skip
CAST = (ada, bruno, clara, diego, eva, mallory)
