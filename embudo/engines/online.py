"""The online engine: folds one fact after the other into a person's kept state, in constant time.

    online = Online(definition)
    state = online.decode(blob) or online.replay(history)[0]
    try:
        moves = online.fold(state, event)
    except HistoryNeeded:
        state, moves = online.replay(history)    # all moves of the person anew; compare with the rows kept

Scores do not depend on the order of arrival, to the bit: sums are exact, and a fact that comes late
takes the place of a later one when a limit is full. Stages do depend on event time, so a fact that
comes late and may touch them asks for the history. Whatever takes facts away or regroups them (verdict
revised, merge, unmerge, erasure) is a `replay` too (DESIGN 9.3).
"""

from bisect import insort
from collections.abc import Iterable
from dataclasses import replace
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from embudo.core import attributes, lifecycle
from embudo.core.attributes import Profile, Source, Stated
from embudo.core.curve import Curve, Part, Sum
from embudo.core.definition import Action, Definition, Rule
from embudo.core.event import Event, Verdict
from embudo.core.identity import names_somebody
from embudo.core.lifecycle import LEAD, QUALIFIED, STAGE_KINDS, VISITOR, Move, Scores, Standing
from embudo.core.scoring import Fit
from embudo.core.window import Limit, bucket
from embudo.engines import state as states
from embudo.engines.fits import Fits
from embudo.engines.predicate import NEVER, Predicate, given_kind, predicate
from embudo.engines.state import Order, State

PERIODS_KEPT = 64  # per limited rule; a fact older than the oldest of them asks for the history
NOTHING = Sum()
KINDS_KEPT = 4096  # compiled kinds; any more and they are compiled anew


class HistoryNeeded(Exception):
    """This fact cannot be folded; the state is spoiled, call `replay` with the whole history, this fact included."""


class _Rule(NamedTuple):
    """One rule as it looks for events of one kind."""

    place: int
    group: int
    points: int
    fading: bool
    limit: Limit | None
    holds: Predicate


class _OfKind(NamedTuple):
    """All that a definition asks of events of one kind."""

    rules: tuple[_Rule, ...]
    stage: bool  # the kind by itself can move a stage
    actions: tuple[Predicate, ...]  # sales actions and recommendations


class Online:
    """One definition, compiled for folding. Make it once and keep it; it holds no person."""

    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.mark = mark(definition)
        self._group_of = {group.name: index for index, group in enumerate(definition.groups)}
        self._caps = tuple(group.cap for group in definition.groups)
        self._of_kind: dict[str, _OfKind] = {}
        self._fits = Fits(definition)
        self._unknown = self._fits.of({})

    # -- the kept state ------------------------------------------------------------------------------

    def fresh(self) -> State:
        """Return the state of a person of whom nothing is known."""
        groups = len(self.definition.groups)
        return State(self.mark, [(0, ())] * groups, [0] * groups, self._unknown)

    def encode(self, state: State) -> bytes:
        """Return the state as some hundred bytes to keep in a row."""
        return states.encode(state)

    def decode(self, blob: bytes) -> State | None:
        """Return the state that `encode` wrote; None when it belongs to another definition or layout: then replay."""
        if not blob:
            return None
        try:
            state = states.decode(blob)
        except msgspec.DecodeError:
            return None
        return state if state.mark == self.mark else None

    # -- facts and time ------------------------------------------------------------------------------

    def fold(self, state: State, event: Event) -> tuple[Move, ...]:
        """Change `state` in place by one new fact of this person and return the moves of stage it and time caused.

        Each fact may be folded once. Raises HistoryNeeded for a fact that comes late and may touch stages,
        or that is older than the periods kept for a limit.
        """
        of_kind = self._rules_of(event.kind)
        order = event.order
        late = order < state.latest or event.at < state.followed_at
        if late and self._touches_stages(state, event, of_kind):
            raise HistoryNeeded
        faded = () if late else self.passes(state, event.at)
        scored = self.add(state, event)
        if late:
            return faded
        state.latest = order
        if event.verdict is not Verdict.HUMAN:
            return faded
        if state.unsettled or self._calls(state, event, of_kind) or (scored and self._disagrees(state)):
            return faded + self._arrives(state, event)
        return faded

    def add(self, state: State, event: Event) -> bool:
        """Change the scores of `state` by one fact, early or late, not the stage; return whether a rule counts it.

        Raises HistoryNeeded when the fact is older than the periods kept for a limit. `fold` does this and the stage.
        """
        if "traits" in event.props:
            self._state_attributes(state, event)
        return event.verdict is Verdict.HUMAN and self._score(state, event)

    def passes(self, state: State, until: int) -> tuple[Move, ...]:
        """Let time pass up to `until` and return the moves of stage that fading caused."""
        if until <= state.followed_at:
            return ()
        moves: tuple[Move, ...] = ()
        if self._weighs(state) and self._turns(state, until):
            state.standing, moves = lifecycle.passes(self.standing(state), self.scores(state), self.definition, until)
        state.followed_at = until
        return moves

    def next_change(self, state: State) -> int | None:
        """Return the next instant at which stage or readiness changes if nothing happens, for the due-time index."""
        return lifecycle.next_change(self.standing(state), self.scores(state), self.definition)

    def replay(self, history: Iterable[Event], until: int | None = None) -> tuple[State, tuple[Move, ...]]:
        """Return the state and all moves of a person from their whole history, in any order.

        With `until` only facts up to that instant count, and time passes up to it.
        """
        state = self.fresh()
        moves: list[Move] = []
        for event in sorted(history, key=lambda each: each.order):
            if until is None or event.at <= until:
                moves += self.fold(state, event)
        if until is not None:
            moves += self.passes(state, until)
        return state, tuple(moves)

    # -- what the state says -------------------------------------------------------------------------

    def curve(self, state: State) -> Curve:
        """Return the engagement from the latest fact on; `curve.at(t)` is the score, for t not before that fact."""
        groups = zip(state.sums, state.lasting, self._caps, strict=True)
        parts = [
            Part(Sum(*fading) if fading[1] else NOTHING, lasting, cap)
            for fading, lasting, cap in groups
            if fading[1] or lasting or (cap or 0) < 0  # a group without points adds nothing
        ]
        return Curve(self.definition.half_life, tuple(parts))

    def fit(self, state: State) -> Fit:
        """Return the fit of the person, by the attributes stated so far."""
        score, known_share, met, against = state.fit
        return Fit(score, known_share, tuple(self.definition.criteria[each] for each in met), against)

    def scores(self, state: State) -> Scores:
        """Return fit and engagement together, as lifecycle asks for them."""
        return Scores(self.fit(state), self.curve(state))

    def standing(self, state: State) -> Standing:
        """Return the stage of the person and what is remembered for the next, as of `state.followed_at`."""
        if state.standing.at == state.followed_at or state.followed_at == states.BEFORE_ALL[0]:
            return state.standing
        return replace(state.standing, at=state.followed_at)

    def profile(self, state: State) -> Profile:
        """Return the statement in force of each attribute; `attributes.values` of it are the values."""
        return {
            name: Stated(Source(source), at, id_, origin, value)
            for name, (source, at, id_, origin, value) in state.profile.items()
        }

    def values(self, state: State) -> dict[str, Any]:
        """Return the value of each attribute that has one, as `attributes.values(profile(state))` does."""
        return {name: said[4] for name, said in state.profile.items() if said[4] is not None and said[4] != ""}

    def stated(self, state: State) -> frozenset[str]:
        """Return the attributes whose statement in force came by more than a public key."""
        return frozenset(name for name, said in state.profile.items() if said[0] == Source.STATED)

    # -- how a fact is folded ------------------------------------------------------------------------

    def _state_attributes(self, state: State, event: Event) -> None:
        """Keep of each attribute the statement of the greatest rank, as `attributes.joined` does."""
        profile, rank, changed = state.profile, (int(attributes.source_of(event)), *event.order), False
        for name, value in attributes.traits(event).items():
            kept = profile.get(name)
            if kept is None or rank > kept[:4]:
                profile[name] = (*rank, value)
                changed = changed or (name in self._fits.names and not (kept and _alike(kept[4], value)))
        if not changed:
            return
        fitted = self._fits.of(self.values(state))
        state.unsettled |= fitted != state.fit
        state.fit = fitted

    def _score(self, state: State, event: Event) -> bool:
        scored = False
        for rule in self._rules_of(event.kind).rules:
            if rule.holds(event):
                if rule.limit is None:
                    self._add(state, rule, event.at, rule.points)
                    scored = True
                else:
                    scored = self._keep(state, rule, rule.limit, event.order) or scored
        return scored

    def _keep(self, state: State, rule: _Rule, limit: Limit, order: Order) -> bool:
        """Count the fact if it is among the first of its period, in place of the latest kept when the limit is full."""
        periods = state.kept.setdefault(rule.place, {})
        number = bucket(order[0], limit.per, self.definition.zone)
        kept = periods.get(number)
        if kept is None:
            if len(periods) >= PERIODS_KEPT:
                oldest = min(periods)
                if number < oldest:
                    raise HistoryNeeded
                del periods[oldest]
            kept = periods[number] = []
        if len(kept) >= limit.count:
            if order > kept[-1]:
                return False
            displaced = kept.pop()
            self._add(state, rule, displaced[0], -rule.points)
        insort(kept, order)
        self._add(state, rule, order[0], rule.points)
        return True

    def _add(self, state: State, rule: _Rule, at: int, points: int) -> None:
        if not rule.fading:
            state.lasting[rule.group] += points
            return
        landmark, partials = state.sums[rule.group]
        total = Sum(landmark, partials).plus(points, at, self.definition.half_life)
        state.sums[rule.group] = (total.landmark, total.partials)

    # -- stages --------------------------------------------------------------------------------------

    def _arrives(self, state: State, event: Event) -> tuple[Move, ...]:
        state.standing, moves = lifecycle.arrives(self.standing(state), event, self.scores(state), self.definition)
        state.unsettled = False
        return moves

    def _calls(self, state: State, event: Event, of_kind: _OfKind) -> bool:
        """Whether the fact by itself may change what is remembered about the stage."""
        if of_kind.stage or any(action(event) for action in of_kind.actions):
            return True
        return state.standing.stage == VISITOR and names_somebody(event)

    def _touches_stages(self, state: State, event: Event, of_kind: _OfKind) -> bool:
        """Whether a late fact may change the moves already made: not while the person is a mere visitor."""
        human = event.verdict is Verdict.HUMAN
        if human and self._calls(state, event, of_kind):
            return True
        if state.standing.stage == VISITOR and state.standing.since == 0:
            return False
        if attributes.traits(event):
            return True
        return human and (names_somebody(event) or any(rule.holds(event) for rule in of_kind.rules))

    def _weighs(self, state: State) -> bool:
        """Whether engagement decides the stage now."""
        if state.standing.stage not in (LEAD, QUALIFIED):
            return False
        score, known_share, _, against = state.fit
        return Fit(score, known_share, (), against).matches(self.definition.promotion.fit)

    def _line(self, state: State) -> int:
        promotion = self.definition.promotion
        return promotion.engagement if state.standing.stage == LEAD else promotion.keeps

    def _disagrees(self, state: State) -> bool:
        """Whether the engagement may call for another stage, or for an end of what holds this one."""
        if not self._weighs(state):
            return False
        return state.standing.held or self._reaches(state, state.followed_at) == (state.standing.stage == LEAD)

    def _turns(self, state: State, until: int) -> bool:
        """Whether fading may move the stage by `until`: a settled score without negative sums can only fall."""
        if state.standing.held or state.unsettled or any(p and p[-1] < 0 for _, p in state.sums):
            return True
        return state.standing.stage == QUALIFIED and not self._reaches(state, until)

    def _reaches(self, state: State, at: int) -> bool:
        return self.curve(state).reaches(self._line(state), at)

    # -- compiling -----------------------------------------------------------------------------------

    def _rules_of(self, kind: str) -> _OfKind:
        found = self._of_kind.get(kind)
        if found is None:
            if len(self._of_kind) >= KINDS_KEPT:
                self._of_kind.clear()
            found = self._of_kind[kind] = self._compiled(kind)
        return found

    def _compiled(self, kind: str) -> _OfKind:
        promotion = self.definition.promotion
        rules = tuple(
            _Rule(place, self._group_of[rule.group], rule.points, rule.fading, rule.limit, compiled)
            for place, rule in enumerate(self.definition.rules)
            if (compiled := _for_kind(rule, kind))
        )
        actions = tuple(
            compiled for each in (*promotion.actions, *promotion.ambassador) if (compiled := _for_kind(each, kind))
        )
        return _OfKind(rules, kind in STAGE_KINDS, actions)


def mark(of: Definition) -> int:
    """Return a 63-bit number that changes with anything the definition says."""
    return int.from_bytes(blake2b(repr(of).encode(), digest_size=8).digest(), "big") >> 1


def _alike(one: Any, other: Any) -> bool:
    """Whether no condition can tell two values apart; 1 and True it can."""
    return type(one) is type(other) and isinstance(one, str | int) and one == other


def _for_kind(named: Rule | Action, kind: str) -> Predicate | None:
    """The condition for events of one kind, or None when it never holds for them."""
    left = given_kind(named.when, kind)
    return None if left == NEVER else predicate(left)
