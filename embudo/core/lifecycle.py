"""Which stage a person is in, and why: a fold over the facts of one person in event time.

`Standing` is what must be remembered between facts, `Scores` how fit and engaged the person is from
an instant on. `arrives` applies one fact, `passes` lets time pass; `walk` reads a whole history with
both and is the referee. Between facts only fading moves a stage, at the closed-form instant of
`curve.next_turn` (DESIGN 9.1, 9.10, 9.11).
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from embudo.core import attributes, scoring
from embudo.core.condition import holds
from embudo.core.curve import Curve, Part, Sum
from embudo.core.definition import Action, Definition
from embudo.core.event import Event, Verdict
from embudo.core.funnel import DISCARDED, RANK, STAGES
from embudo.core.identity import names_somebody
from embudo.core.scoring import Fit
from embudo.core.window import bucket

VISITOR, LEAD, QUALIFIED, PROSPECT, OPPORTUNITY, CUSTOMER, AMBASSADOR = STAGES

# The kinds of facts that by themselves may call for a stage: those that `_noted` and `_called_for` ask for.
STAGE_KINDS = frozenset(
    "stage_set handoff_accepted handoff_rejected opportunity_opened opportunity_won opportunity_lost "
    "purchase_made".split()
)


class Why(StrEnum):
    """Why a stage changed."""

    IDENTIFIED = "identified"  # the first fact that names the person
    THRESHOLDS = "thresholds"  # fit and engagement reached their lines
    FADED = "faded"  # engagement fell below the line that keeps
    PROFILE = "profile"  # the profile no longer matches
    SET_BY_HAND = "set_by_hand"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    OPPORTUNITY_OPENED = "opportunity_opened"
    WON = "won"
    LOST = "lost"
    RECOMMENDS = "recommends"
    SALES_ACTION = "sales_action"  # of somebody discarded


@dataclass(frozen=True, slots=True)
class Cause:
    """The fact behind something: its key, kind and instant."""

    source: str
    id: str
    kind: str
    at: int


@dataclass(frozen=True, slots=True)
class Move:
    """One change of stage. `cause` is None when time alone did it; scores are those just after."""

    from_stage: str
    to_stage: str
    at: int
    why: Why
    cause: Cause | None
    version: int
    fit: float | None
    engagement: float


@dataclass(frozen=True, slots=True)
class Standing:
    """What is remembered of a person between facts.

    `held`: the stage was set against what the scores say, and holds until they agree with it once.
    `action`: the latest sales action since the last answer of sales.
    """

    stage: str = VISITOR
    since: int = 0
    at: int = 0  # how far time has been followed
    held: bool = False
    action: Cause | None = None
    open: frozenset[str] = frozenset()  # opportunities
    recommends: Cause | None = None


@dataclass(frozen=True, slots=True)
class Scores:
    """How fit a person is, and the engagement from an instant on."""

    fit: Fit
    curve: Curve


Steps = tuple[Standing, tuple[Move, ...]]


def ready(standing: Standing, fit: Fit, definition: Definition, at: int) -> bool:
    """Return whether a hand-off to sales waits for its answer: the profile matches AND a sales action is recent."""
    promotion, action = definition.promotion, standing.action
    if standing.stage not in (LEAD, QUALIFIED) or action is None or not fit.matches(promotion.fit):
        return False
    return action.at <= at < action.at + promotion.within


def passes(standing: Standing, scores: Scores, definition: Definition, until: int) -> Steps:
    """Return the standing at `until` and the moves that fading caused in (standing.at, until]."""
    moves: list[Move] = []
    while (turn := _next_turn(standing, scores, definition)) is not None and turn <= until:
        standing, moved = _settled(replace(standing, at=turn), scores, definition, None)
        moves += moved
    return replace(standing, at=max(standing.at, until)), tuple(moves)


def arrives(standing: Standing, event: Event, scores: Scores, definition: Definition) -> Steps:
    """Return the standing after one fact; the scores already hold it, and time has passed up to `event.at`."""
    if event.verdict is not Verdict.HUMAN:
        return standing, ()
    standing = replace(standing, at=event.at)
    cause = Cause(event.source, event.id, event.kind, event.at)
    noted = _noted(standing, event, cause, definition)
    to, why, held = _called_for(noted, event)
    moves: tuple[Move, ...] = ()
    if to != noted.stage:
        moves = (_move(noted, to, why, cause, scores, definition),)
        noted = replace(noted, stage=to, since=event.at)
    if why in (Why.SET_BY_HAND, Why.REJECTED, Why.LOST):
        noted = replace(noted, held=held and _disagrees(noted, scores, definition))
    if why in (Why.ACCEPTED, Why.REJECTED):
        noted = replace(noted, action=None)
    settled, further = _settled(noted, scores, definition, cause)
    return settled, moves + further


def next_change(standing: Standing, scores: Scores, definition: Definition) -> int | None:
    """Return the next instant after `standing.at` at which stage or readiness changes if nothing happens."""
    turns = [_next_turn(standing, scores, definition)]
    if ready(standing, scores.fit, definition, standing.at) and standing.action:
        turns.append(standing.action.at + definition.promotion.within)
    return min((each for each in turns if each is not None), default=None)


def walk(history: Iterable[Event], definition: Definition, until: int) -> Steps:
    """Return the standing of one person at `until` and all moves up to then, from their facts in any order."""
    events = sorted((each for each in history if each.at <= until), key=lambda each: each.order)
    standing, moves = Standing(), []
    tally = _Tally(definition)
    for event in events:
        standing, faded = passes(standing, tally.scores(), definition, event.at)
        tally.add(event)
        standing, moved = arrives(standing, event, tally.scores(), definition)
        moves += [*faded, *moved]
    standing, faded = passes(standing, tally.scores(), definition, until)
    return standing, (*moves, *faded)


class _Tally:
    """Scores of a history read in the order of facts: limits then never displace what was counted."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.fading = {group.name: Sum() for group in definition.groups}
        self.lasting = {group.name: 0 for group in definition.groups}
        self.used: dict[tuple[str, int], int] = {}
        self.profile: attributes.Profile = {}
        self.fit = scoring.fit({}, definition)

    def add(self, event: Event) -> None:
        stated = attributes.stated_by(event)
        if stated:
            self.profile = attributes.joined(self.profile, stated)
            self.fit = scoring.fit(attributes.values(self.profile), self.definition)
        for rule in scoring.matching(event, self.definition):
            if rule.limit:
                window = (rule.name, bucket(event.at, rule.limit.per, self.definition.zone))
                self.used[window] = self.used.get(window, 0) + 1
                if self.used[window] > rule.limit.count:
                    continue
            if rule.fading:
                half_life = self.definition.half_life
                self.fading[rule.group] = self.fading[rule.group].plus(rule.points, event.at, half_life)
            else:
                self.lasting[rule.group] += rule.points

    def scores(self) -> Scores:
        groups = self.definition.groups
        parts = tuple(Part(self.fading[each.name], self.lasting[each.name], each.cap) for each in groups)
        return Scores(self.fit, Curve(self.definition.half_life, parts))


def _noted(standing: Standing, event: Event, cause: Cause, definition: Definition) -> Standing:
    """Remember sales actions, recommendations and open opportunities."""
    if _is_one_of(event, definition.actions_for(event.kind)):
        standing = replace(standing, action=cause)
    if standing.recommends is None and _is_one_of(event, definition.recommendations_for(event.kind)):
        standing = replace(standing, recommends=cause)
    opportunity = str(event.props.get("opportunity") or "")
    if event.kind == "opportunity_opened":
        return replace(standing, open=standing.open | {opportunity})
    if event.kind in ("opportunity_won", "opportunity_lost"):
        return replace(standing, open=standing.open - {opportunity})
    return standing


def _called_for(standing: Standing, event: Event) -> tuple[str, Why, bool]:
    """The stage a fact by itself calls for, why, and whether that stage may stand against the scores."""
    stage = standing.stage
    match event.kind:
        case "stage_set" if event.props.get("stage") in (*STAGES, DISCARDED):
            return event.props["stage"], Why.SET_BY_HAND, True
        case "handoff_accepted" if stage == DISCARDED or RANK[stage] < RANK[PROSPECT]:
            return PROSPECT, Why.ACCEPTED, False
        case "handoff_rejected" if stage == DISCARDED or RANK[stage] <= RANK[PROSPECT]:
            discards = event.props.get("outcome") == DISCARDED or stage == DISCARDED
            return (DISCARDED if discards else LEAD), Why.REJECTED, True
        case "opportunity_opened" if stage == DISCARDED or RANK[stage] < RANK[OPPORTUNITY]:
            return OPPORTUNITY, Why.OPPORTUNITY_OPENED, False
        case "opportunity_won" | "purchase_made" if stage == DISCARDED or RANK[stage] < RANK[CUSTOMER]:
            return CUSTOMER, Why.WON, False
        case "opportunity_lost" if stage == OPPORTUNITY and not standing.open:
            return LEAD, Why.LOST, True
    if stage == DISCARDED and standing.action and (standing.action.source, standing.action.id) == event.key:
        return LEAD, Why.SALES_ACTION, False
    if stage == VISITOR and names_somebody(event):
        return LEAD, Why.IDENTIFIED, False
    return stage, Why.IDENTIFIED, False


def _settled(standing: Standing, scores: Scores, definition: Definition, cause: Cause | None) -> Steps:
    """Apply what scores and recommendations say about a standing, once."""
    if standing.held and not _disagrees(standing, scores, definition):
        standing = replace(standing, held=False)
    to, why = standing.stage, Why.THRESHOLDS
    if not standing.held and _disagrees(standing, scores, definition):
        if standing.stage == LEAD:
            to = QUALIFIED
        else:
            to, why = LEAD, Why.FADED if scores.fit.matches(definition.promotion.fit) else Why.PROFILE
    elif standing.stage == CUSTOMER and standing.recommends:
        to, why = AMBASSADOR, Why.RECOMMENDS
    if to == standing.stage:
        return standing, ()
    move = _move(standing, to, why, cause, scores, definition)
    return replace(standing, stage=to, since=standing.at), (move,)


def _disagrees(standing: Standing, scores: Scores, definition: Definition) -> bool:
    """Whether the scores call for the other one of lead and qualified."""
    promotion = definition.promotion
    fits = scores.fit.matches(promotion.fit)
    if standing.stage == LEAD:
        return fits and scores.curve.reaches(promotion.engagement, standing.at)
    if standing.stage == QUALIFIED:
        return not (fits and scores.curve.reaches(promotion.keeps, standing.at))
    return False


def _next_turn(standing: Standing, scores: Scores, definition: Definition) -> int | None:
    """The next instant at which fading alone changes what the scores say about this stage."""
    promotion = definition.promotion
    line = {LEAD: promotion.engagement, QUALIFIED: promotion.keeps}.get(standing.stage)
    if line is None or not scores.fit.matches(promotion.fit):
        return None
    return scores.curve.next_turn(line, standing.at)


def _move(standing: Standing, to: str, why: Why, cause: Cause | None, scores: Scores, definition: Definition) -> Move:
    engagement = scores.curve.at(standing.at)
    return Move(standing.stage, to, standing.at, why, cause, definition.version, scores.fit.score, engagement)


def _is_one_of(event: Event, actions: Iterable[Action]) -> bool:
    return any(holds(each.when, lambda name: scoring.field(event, name)) for each in actions)
