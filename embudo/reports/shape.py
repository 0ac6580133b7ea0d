"""How the funnel is drawn: bars to one scale, the drop to the next, and numbers with their neighbours beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from embudo.core.event import MINUTE
from embudo.core.funnel import STAGES, Step
from embudo.reports.funnel import Origin
from embudo.reports.period import Period
from embudo.ui import figures

HEIGHT = 120  # of the tallest bar, in units of the drawing
CUT = 6  # a first bar that many times the second is drawn cut, or nothing else could be seen


@dataclass(frozen=True, slots=True)
class Column:
    """One stage as it is drawn: heights in units of the drawing, addresses of the people behind each number."""

    step: Step
    before: int | None  # who entered in the period before
    height: float
    next_height: float
    cut: bool
    share: float  # of the widest, for the phone's bars
    people: str
    further: str
    there: str
    last: bool

    @property
    def change(self) -> float | None:
        """The relative change against the period before; None when nobody entered then."""
        return self.step.entered / self.before - 1 if self.before else None

    @property
    def difference(self) -> int | None:
        """The change in people against the period before."""
        return None if self.before is None else self.step.entered - self.before

    @property
    def median(self) -> str:
        """The median time to the next stage in words; below a minute there is nothing to compare."""
        if self.step.median is not None and self.step.median < MINUTE:
            return _("under a minute")
        return figures.duration(self.step.median)

    @property
    def top(self) -> float:
        """Where the bar begins, from above."""
        return HEIGHT - self.height

    @property
    def drop(self) -> str:
        """The corners of the drop to the next bar."""
        return f"62,{self.top:.1f} 100,{HEIGHT - self.next_height:.1f} 100,{HEIGHT} 62,{HEIGHT}"


def columns(steps: Sequence[Step], before: Sequence[int] | None, period: Period) -> list[Column]:
    """Return the funnel's columns in order."""
    entered = [step.entered for step in steps]
    cut = len(entered) > 1 and entered[1] > 0 and entered[0] > CUT * max(entered[1:])
    widest = (max(entered[1:]) * 1.35 if cut else max(entered)) or 1
    heights = [HEIGHT * min(1.0, each / widest) if each else 0.0 for each in entered]
    heights = [max(each, 1.5) if count else 0.0 for each, count in zip(heights, entered, strict=True)]
    return [
        Column(
            step=step,
            before=before[rank] if before else None,
            height=heights[rank],
            next_height=heights[rank + 1] if rank + 1 < len(steps) else heights[rank],
            cut=cut and rank == 0,
            share=min(1.0, step.entered / widest),
            people=_people(reached=step.stage, start=period.start, end=period.end),
            further=_people(reached=step.stage, start=period.start, end=period.end, further="yes"),
            there=_standing(step.stage, period.end),
            last=rank + 1 == len(steps),
        )
        for rank, step in enumerate(steps)
    ]


@dataclass(frozen=True, slots=True)
class Row:
    """One source as it is listed."""

    source: str
    leads: int
    share: float
    share_words: str
    conversion: float
    people: str


def rows(origins: Sequence[Origin], period: Period) -> list[Row]:
    """Return the rows of sources with the addresses of their people."""
    span = {"reached": STAGES[1], "from": period.start, "to": period.end}
    address = reverse("leads:people")
    return [
        Row(
            source=each.source,
            leads=each.leads,
            share=each.share,
            share_words=figures.pct(each.share),
            conversion=each.conversion,
            people=f"{address}?{urlencode({**span, 'source': each.source or '-'})}",
        )
        for each in origins
    ]


def _people(*, reached: str, start: int, end: int, further: str = "") -> str:
    query = {"reached": reached, "from": start, "to": end, **({"further": further} if further else {})}
    return f"{reverse('leads:people')}?{urlencode(query)}"


def _standing(stage: str, end: int) -> str:
    """Who is in the stage now; visitors are mostly nameless and stand in the list of those who went no further."""
    if stage == STAGES[0]:
        return _people(reached=stage, start=0, end=end, further="no")
    return f"{reverse('leads:people')}?{urlencode({'stage': stage})}"
