"""What an access log held, in numbers: lines, what was left out and why, visits, visitors, machines and sources."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from embudo.capture.sight import reason_called
from embudo.core.event import Event, Verdict
from embudo.core.intake import verdict_of
from embudo.imports.weblog.asked import LeftOut, Thing
from embudo.imports.weblog.behaviour import VISITED, Behaviour
from embudo.imports.weblog.line import Damage
from embudo.leads.touch import touch_of

MOST_SOURCES = 5000  # told apart; the rest are counted as one
SHOWN = 15
OTHERS = "…"


@dataclass
class Figures:
    """The numbers of one file."""

    lines: int = 0
    broken_off: bool = False  # a compressed file that ends in the middle
    first_at: int | None = None
    last_at: int | None = None
    damaged: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    things: Counter[str] = field(default_factory=Counter)
    visits: Counter[str] = field(default_factory=Counter)  # by verdict
    visit_reasons: Counter[str] = field(default_factory=Counter)
    visitors: Counter[str] = field(default_factory=Counter)  # by verdict
    visitor_reasons: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)  # of the first visit each day of visitors who are human

    def count(self, event: Event, thing: Thing, *, first: bool) -> None:
        """Count one visit; `first` of this visitor on this day."""
        self.things[thing.value] += 1
        self.visits[event.verdict.value] += 1
        self.visit_reasons.update(event.reasons)
        self.first_at = event.at if self.first_at is None else min(self.first_at, event.at)
        self.last_at = event.at if self.last_at is None else max(self.last_at, event.at)
        touch = touch_of(event) if first and event.verdict is Verdict.HUMAN else None
        if touch:
            name = f"{touch.source} / {touch.medium}"
            self.sources[name if name in self.sources or len(self.sources) < MOST_SOURCES else OTHERS] += 1

    def conclude(self, behaviour: Behaviour) -> None:
        """Count the visitors."""
        for bits, count in behaviour.groups():
            if bits & VISITED:
                marks = behaviour.marks_of(bits)
                self.visitors[verdict_of(marks).value] += count
                self.visitor_reasons.update(dict.fromkeys(marks, count))

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers as they are kept; of the sources the largest."""
        kept = {name: dict(value) if isinstance(value, Counter) else value for name, value in vars(self).items()}
        return kept | {"sources": dict(self.sources.most_common(SHOWN))}


@dataclass(frozen=True, slots=True)
class Table:
    """Some of the numbers, in words: rows of some words and as many numbers as there are heads."""

    title: str
    heads: tuple[str, ...]
    rows: list[tuple[str, tuple[int, ...]]]


def tables(kept: Mapping[str, Any]) -> list[Table]:
    """Return the numbers in words, without the tables that hold none."""
    both, lines = (_("Daily visitors"), _("Visits")), (_("Lines"),)
    visits, visitors = kept["visits"], kept["visitors"]
    who = [
        (words, (visitors.get(each, 0), visits.get(each, 0))) for each, words in _verdicts().items() if visits.get(each)
    ]
    reasons = [
        (reason_called(each), (count, kept["visit_reasons"].get(each, 0)))
        for each, count in _ordered(kept["visitor_reasons"])
    ]
    sources = [(each, (count,)) for each, count in _ordered(kept["sources"])]
    left_out = [(_left_out()[each], (count,)) for each, count in _ordered(kept["left_out"])]
    damaged = [(damage_words()[each], (count,)) for each, count in _ordered(kept["damaged"])]
    found = [
        Table(_("Who came"), both, who),
        Table(_("What speaks against a person"), both, reasons),
        Table(_("Where people came from"), both[:1], sources),
        Table(_("Left out: no visits"), lines, left_out),
        Table(_("Damaged lines"), lines, damaged),
    ]
    return [each for each in found if each.rows]


def damage_words() -> dict[str, str]:
    """Return in words what is wrong with a damaged line."""
    return {
        Damage.FORMAT.value: _("it is not in the combined format"),
        Damage.REQUEST.value: _("what was asked for cannot be read: no browser asks like this"),
        Damage.TIME.value: _("its time is none"),
        Damage.FUTURE.value: _("it is dated later than now"),
        Damage.TOO_LONG.value: _("it is longer than 64 kB"),
    }


def _ordered(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))


def _verdicts() -> dict[str, str]:
    return {
        Verdict.HUMAN.value: _("People"),
        Verdict.UNVERIFIED.value: _("Doubtful"),
        Verdict.MACHINE.value: _("Machines"),
    }


def _left_out() -> dict[str, str]:
    return {
        LeftOut.ELSEWHERE.value: _("of another site"),
        LeftOut.METHOD.value: _("did not ask for a page (HEAD, POST and others)"),
        LeftOut.ASSET.value: _("pictures, styles, scripts and the like"),
        LeftOut.ICON.value: _("icons"),
        LeftOut.FEED.value: _("feeds"),
        LeftOut.ROBOTS.value: _("robots.txt"),
        LeftOut.OTHER.value: _("other files"),
        LeftOut.REDIRECT.value: _("sent on to another page"),
        LeftOut.REFUSED.value: _("not found or refused"),
        LeftOut.BROKEN.value: _("failed on the server"),
        LeftOut.PART.value: _("parts of a file, or one from the browser's own copy"),
    }
