"""The shapes of what the API takes and gives. Ids are texts: JavaScript rounds numbers of their size."""

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, StrictStr

from embudo.core.funnel import DISCARDED, STAGES
from embudo.core.money import CURRENCY, TOO_MUCH
from embudo.leads.naming import LOSSES

Stage = Literal[(*STAGES, DISCARDED)]  # type: ignore[valid-type]
Loss = Literal[tuple(LOSSES)]  # type: ignore[valid-type]
Id = Annotated[StrictStr, Field(pattern=r"^[0-9]{1,19}$")]
Text = Annotated[StrictStr, Field(max_length=1000)]
Attributes = Annotated[dict[str, Any], Field(max_length=200)]
Currency = Annotated[StrictStr, Field(pattern=f"^{CURRENCY}$")]
Amount = Annotated[float, Field(strict=True, ge=0, lt=TOO_MUCH, allow_inf_nan=False)]
ROWS = 1000


class Wanted(Schema):
    """What a request holds: anything that is not asked for is an error, so that a slip of the pen is no silence."""

    model_config = ConfigDict(extra="forbid")


class Fault(Schema):
    at: str
    what: str


class ProblemBody(Schema):
    """An error (RFC 9457)."""

    type: str
    code: str
    title: str
    status: int
    detail: str
    mend: str = Field(description="What to do about it.")
    errors: list[Fault] = []


class CompanyRef(Schema):
    id: str
    name: str


class Person(Schema):
    """A person as they are now."""

    id: str
    url: str
    name: str
    email: str
    phone: str
    title: str
    company: CompanyRef | None
    stage: str
    stage_since: datetime | None
    handoff_ready: bool = Field(description="Waits for an answer of sales.")
    owner: str | None = Field(description="Mail address of the user who looks after them.")
    fit: float | None
    grade: str
    fit_known_share: float
    disqualified: bool
    engagement: float = Field(description="As of `engagement_at`; it fades with time.")
    engagement_at: datetime
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    events: int
    source: str
    medium: str
    campaign: str
    landing_page: str
    attributes: dict[str, Any]


class People(Schema):
    data: list[Person]
    next_cursor: str | None = Field(description="Give it as `cursor` to go on; null at the end.")


class PersonChange(Wanted):
    """What changes; whatever is not named stays as it is."""

    attributes: Attributes | None = Field(None, description="Name to value; null clears the attribute.")
    owner: StrictStr | None = Field(None, max_length=254, description="Mail address of a user; null: nobody.")


class PersonRow(Wanted):
    """A person named by mail address, phone number or your own id, with what you know of them."""

    email: StrictStr | None = Field(None, max_length=320)
    phone: StrictStr | None = Field(None, max_length=40)
    external_id: StrictStr | None = Field(None, min_length=1, max_length=256, description="Their id in your system.")
    attributes: Attributes = Field(default_factory=dict)


class PeopleRows(Wanted):
    rows: Annotated[list[PersonRow], Field(min_length=1, max_length=ROWS)]


class Result(Schema):
    index: int
    outcome: Literal["stated", "unchanged", "refused"]
    fact: str | None = None
    why: str | None = Field(None, description="Why the row was refused.")


class RowResult(Result):
    person: str | None = Field(None, description="Null when it was refused or is still being applied.")


class Counted(Schema):
    stated: int
    unchanged: int
    refused: int
    applied: bool = Field(description="Whether what you read now shows it; false: within moments.")


class RowResults(Counted):
    results: list[RowResult]


class Applying(Schema):
    """It is kept for good, and the tables will show it within moments."""

    fact: str
    person: str | None = None
    applied: Literal[False] = False


class StageSet(Wanted):
    stage: Stage  # type: ignore[valid-type]
    reason: StrictStr = Field("", max_length=300)


class MergeWanted(Wanted):
    other: Id = Field(description="Who joins this person; both ids go on leading to them.")


class UnmergeWanted(Wanted):
    absorbed: Id = Field(description="Who was joined and becomes a person of their own again.")


class FactNew(Wanted):
    kind: Literal["call_made", "meeting_held", "note_written", "purchase_made", "referral_made"]
    at: datetime | None = Field(None, description="When it happened; now when left out. With its zone.")
    props: Annotated[dict[str, StrictStr | bool | float | None], Field(max_length=50)] = Field(default_factory=dict)


class Fact(Schema):
    """One fact of the log."""

    id: str
    source: str
    kind: str
    at: datetime
    received_at: datetime
    door: str
    verdict: str
    words: str = Field(description="The fact as a sentence, with forms and purposes by name.")
    taken_back: bool
    props: dict[str, Any]


class Facts(Schema):
    data: list[Fact]
    next_cursor: str | None


class Contribution(Schema):
    fact: str
    kind: str
    at: datetime
    rule: str
    group: str
    base_points: float
    points: float = Field(description="After fading; 0 where a limit cut it.")
    cut_by_limit: bool


class Group(Schema):
    name: str
    points: float
    cut_by_cap: float


class CriterionMet(Schema):
    name: str
    points: float
    met: bool


class FitShown(Schema):
    score: float | None
    grade: str
    known_share: float
    disqualified_by: str | None
    criteria: list[CriterionMet]


class ScoreShown(Schema):
    """The score of a person at an instant, with everything that adds up to it."""

    person: str
    at: datetime
    definition: str
    definition_version: int
    engagement: float = Field(description="The sum of `contributions` and of `cut_by_cap` of `groups`.")
    contributions: list[Contribution]
    groups: list[Group]
    fit: FitShown
    attributes: dict[str, Any] = Field(description="As they were known at that instant.")


class Company(Schema):
    id: str
    url: str
    name: str
    domain: str
    people: int
    owner: str | None = Field(description="Mail address of the user who looks after it.")
    attributes: dict[str, Any] = Field(description="What was stated of the company itself.")


class CompanyChange(Wanted):
    """What changes; whatever is not named stays as it is."""

    attributes: Attributes | None = Field(None, description="Name to value; null clears the attribute.")
    owner: StrictStr | None = Field(None, max_length=254, description="Mail address of a user; null: nobody.")


class CompanyRow(Wanted):
    """A company named by its domain or web site, else by its name, with what you know of it."""

    domain: StrictStr | None = Field(None, max_length=300)
    name: StrictStr | None = Field(None, max_length=300)
    attributes: Attributes = Field(default_factory=dict)


class CompanyRows(Wanted):
    rows: Annotated[list[CompanyRow], Field(min_length=1, max_length=ROWS)]


class CompanyResult(Result):
    company: str | None = Field(None, description="Null when it was refused.")


class CompanyResults(Counted):
    results: list[CompanyResult]


class Companies(Schema):
    data: list[Company]
    next_cursor: str | None


class AttributeShown(Schema):
    name: str
    label: str
    kind: str
    options: list[str]
    standard: bool


class AttributeList(Schema):
    data: list[AttributeShown]


class OpportunityNew(Wanted):
    name: StrictStr = Field("", max_length=200)
    amount: Amount | None = None
    currency: Currency = "USD"


class OpportunityMove(Wanted):
    stage: StrictStr = Field(min_length=1, max_length=80)
    amount: Amount | None = None
    currency: Currency = "USD"


class OpportunityEnd(Wanted):
    outcome: Literal["won", "lost"]
    reason: Loss | None = Field(None, description="Why it was lost.")  # type: ignore[valid-type]
    amount: Amount | None = None
    currency: Currency = "USD"


class Opportunity(Schema):
    id: str
    name: str
    amount: float | None
    currency: str
    status: Literal["open", "won", "lost"]
    stage: str
    reason: str
    opened_at: datetime
    changed_at: datetime = Field(description="The instant of the last fact about it, which may have come later.")
    closed_at: datetime | None = Field(description="When it was won or lost; null while it is open.")


class Opportunities(Schema):
    data: list[Opportunity]


class Deal(Opportunity):
    person: str
    person_name: str
    owner: str | None = Field(description="Mail address of the user who looks after the person.")
    updated_at: datetime = Field(description="When this was written here last, whatever the time of its facts.")


class Deals(Schema):
    data: list[Deal]
    next_cursor: str | None = Field(description="Give it as `cursor` to go on; null at the end.")


class Me(Schema):
    """The key that asks."""

    name: str
    scopes: list[str] = Field(description="Those of the key that its maker's role still allows.")
    acts_for: str
    expires_at: datetime | None


class WebhookNew(Wanted):
    name: StrictStr = Field(min_length=1, max_length=80)
    url: StrictStr = Field(min_length=8, max_length=500)
    kinds: Annotated[list[StrictStr], Field(min_length=1, max_length=50)]


class WebhookChange(Wanted):
    name: StrictStr | None = Field(None, min_length=1, max_length=80)
    url: StrictStr | None = Field(None, min_length=8, max_length=500)
    kinds: Annotated[list[StrictStr], Field(min_length=1, max_length=50)] | None = None
    paused: bool | None = Field(None, strict=True)


class Webhook(Schema):
    id: str
    name: str
    url: str
    kinds: list[str]
    paused: bool
    paused_why: str
    waiting: int
    created_at: datetime


class WebhookMade(Webhook):
    secret: str = Field(description="It is said only now.")


class Webhooks(Schema):
    data: list[Webhook]
