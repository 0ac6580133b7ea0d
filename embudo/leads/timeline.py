"""The timeline of one person: facts and moves of stage, newest first, with what each was worth."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from embudo.core.definition import Definition, Rule
from embudo.core.event import Event, Verdict
from embudo.core.scoring import Explanation, matching
from embudo.leads.by_name import by_name
from embudo.leads.history import REVISED, WITHDRAWN, about, as_judged, withdrawn
from embudo.leads.models import OwnerChange, Person, StageChange
from embudo.leads.naming import defined, labels_given, why_called
from embudo.leads.queries.scores import definition as definition_in_force
from embudo.leads.sentences import detail, family_of, long_note, sentence, text, withdrawal_needs
from embudo.leads.story import Times, history_of, told
from embudo.leads.summary import undated

SIZE = 40
FAMILIES = ("web", "mail", "sales", "profile", "moves", "other")
JUDGED = {
    Verdict.HUMAN.value: gettext_lazy("judged as done by a person: %(what)s"),
    Verdict.MACHINE.value: gettext_lazy("judged as done by a machine: %(what)s"),
}
Key = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline."""

    order: Key
    family: str
    words: str
    at: int
    details: list[str] = field(default_factory=list)
    points: int | None = None  # thousandths before fading; None when no rule looks at it
    rules: list[str] = field(default_factory=list)
    counted: bool = True
    to_stage: str = ""
    machine: bool = False
    over_limit: bool = False
    undated: bool = False
    taken_back: bool = False
    note: str = ""  # the whole of one that is too long for a line
    needs: str = ""  # the permission to take it back; empty: nobody can
    event: Event | None = None

    @property
    def note_begins(self) -> str:
        """The beginning of the note, as one line."""
        return text(self.note)

    @property
    def cursor(self) -> str:
        """Where the entry stands, as addresses write it."""
        return f"{self.order[0]}~{self.order[1]}~{self.order[2]}"


def entries(
    history: Sequence[Event],
    moves: Iterable[StageChange],
    definition: Definition,
    explanation: Explanation | None = None,
    owned: Iterable[OwnerChange] = (),
) -> list[Entry]:
    """Return all entries of a history, newest first; the reading time of a page stands with its view.

    With an explanation, points that a limit cut are not shown as earned.
    """
    readings = _readings(history)
    cut = (
        {(each.event.key, each.rule.name) for each in explanation.contributions if each.cut_by_limit}
        if explanation
        else set()
    )
    with_view = {reading.key for reading in readings.values()}
    labels, times, taken_back, read = labels_given(), Times(history), withdrawn(history), by_name(history)
    found = [
        _of_event(event, readings.get(event.id), definition, cut, labels, read)
        for event in told(_as_they_count(history))
        if event.key not in with_view and event.kind != WITHDRAWN
    ]
    found = [_taken_back(each) if each.event and each.event.key in taken_back else each for each in found]
    facts = {each.key: each for each in history}
    found = [_of_judgement(each, facts, read, labels) if _judges(each) else each for each in found]
    found += [_of_withdrawal(read(each), taken_back) for each in history if each.key in taken_back]
    found += [_of_move(move, times) for move in moves if move.from_stage]
    found += [_of_owner(each) for each in owned]
    found.sort(key=lambda each: each.order, reverse=True)
    return found


def page(found: Sequence[Entry], *, family: str = "", after: str = "", size: int = SIZE) -> tuple[list[Entry], str]:
    """Return one page of entries and the cursor after it, empty at the end."""
    shown = [each for each in found if not family or each.family == family]
    if after:
        at, _tilde, rest = after.partition("~")
        id_, _tilde, source = rest.partition("~")
        if at.lstrip("-").isdecimal():
            shown = [each for each in shown if each.order < (int(at), id_, source)]
    more = len(shown) > size
    return list(shown[:size]), shown[size - 1].cursor if more else ""


def latest(person: Person, most: int) -> list[Entry]:
    """Return the last facts of a person."""
    return entries(history_of(person.id), (), definition_in_force())[:most]


def moves_of(people: Iterable[int]) -> list[StageChange]:
    """Return the moves of a person that stand, in their order."""
    return list(StageChange.objects.filter(person_id__in=list(people), superseded_at__isnull=True).order_by("at", "id"))


def owned_by(people: Iterable[int]) -> list[OwnerChange]:
    """Return the decisions on who looks after a person."""
    return list(OwnerChange.objects.filter(person_id__in=list(people)).select_related("owner", "by"))


def _as_they_count(history: Sequence[Event]) -> list[Event]:
    """The facts with the verdicts in force; what spoke against one that somebody here believes is not told any more."""
    before = {event.key: event.verdict for event in history}
    return [
        replace(event, reasons=()) if event.verdict is Verdict.HUMAN is not before[event.key] else event
        for event in as_judged(history)
    ]


def _readings(history: Iterable[Event]) -> dict[str, Event]:
    """The reading that belongs to each page view, by the id of the view."""
    views = {event.id for event in history if event.kind == "page_viewed"}
    found: dict[str, Event] = {}
    for event in history:
        view = str(event.props.get("view") or "")
        if event.kind == "page_read" and view in views:
            found[view] = event
    return found


def _of_event(
    event: Event,
    reading: Event | None,
    definition: Definition,
    cut: set[tuple[tuple[str, str], str]],
    labels: Mapping[str, str],
    read: Callable[[Event], Event],
) -> Entry:
    facts = [event] if reading is None else [event, reading]
    rules = [(fact, rule) for fact in facts for rule in matching(fact, definition)]
    earned = [rule for fact, rule in rules if (fact.key, rule.name) not in cut]
    shown = event if reading is None else replace(event, props={**event.props, **_reading_of(reading)})
    return Entry(
        order=event.order,
        family=family_of(event.kind),
        words=sentence(read(shown), labels),
        at=event.at,
        details=[*detail(read(event), labels), *_limits(rules, earned)],
        points=sum(rule.points for rule in earned) if earned else None,
        rules=list(dict.fromkeys(defined(rule.name) for rule in earned)),
        counted=event.verdict is Verdict.HUMAN,
        machine=event.verdict is Verdict.MACHINE,
        over_limit=bool(rules) and not earned,
        undated=undated(event),
        note=long_note(event),
        needs=withdrawal_needs(event),
        event=event,
    )


def _limits(rules: Sequence[tuple[Event, Rule]], earned: Sequence[Rule]) -> list[str]:
    """Why it adds nothing, where the limit of each of its rules is reached."""
    cut = [] if earned else list(dict.fromkeys(defined(rule.name) for _fact, rule in rules))
    words = _("“%(rule)s” has counted as often as its limit allows, so this adds no points")
    return [words % {"rule": each} for each in cut]


def _taken_back(entry: Entry) -> Entry:
    return replace(entry, taken_back=True, needs="", points=None, rules=[], over_limit=False)


def _of_withdrawal(event: Event, taken_back: Mapping[tuple[str, str], Event]) -> Entry:
    """The line that says who took a fact back, and when."""
    said = taken_back[event.key]
    return Entry(
        order=said.order,
        family=family_of(event.kind),
        words=_("took back: %(what)s") % {"what": sentence(event)},
        at=said.at,
        details=detail(said),
        event=said,
    )


def _judges(entry: Entry) -> bool:
    return entry.event is not None and entry.event.kind == REVISED


def _of_judgement(
    entry: Entry, facts: Mapping[tuple[str, str], Event], read: Callable[[Event], Event], labels: Mapping[str, str]
) -> Entry:
    """The line that says which fact was judged what."""
    judgement = entry.event
    fact = facts.get(about(judgement)) if judgement else None
    words = JUDGED.get(str(judgement.props.get("verdict"))) if judgement else None
    return replace(entry, words=words % {"what": sentence(read(fact), labels)}) if fact and words else entry


def _reading_of(reading: Event) -> dict[str, Any]:
    return {name: reading.props[name] for name in ("dwell_s", "scroll_share") if name in reading.props}


def _of_owner(change: OwnerChange) -> Entry:
    words = _("was given to %(owner)s") % {"owner": change.owner} if change.owner else _("was given to nobody")
    by = [_("recorded by %(name)s") % {"name": change.by}] if change.by else []
    return Entry(order=(change.at, "owner", str(change.id)), family="sales", words=words, at=change.at, details=by)


def _of_move(move: StageChange, times: Times) -> Entry:
    return Entry(
        order=(move.at, "\uffff", str(move.id)),
        family="moves",
        words=why_called(move.why),
        at=move.at,
        to_stage=move.to_stage,
        undated=times.made_up_since(move.at),
    )
