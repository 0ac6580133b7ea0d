"""The engagement of one person day by day: what it was, and what it will be if nothing happens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from embudo.core.definition import Definition
from embudo.core.scoring import Explanation
from embudo.leads.clock import end_of_day
from embudo.leads.why import scores_at
from embudo.ui import figures

BACK_DAYS = 180
AHEAD_DAYS = 30


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the reader's zone; `score` at its end, today's at the present instant."""

    on: date
    score: float
    ahead: bool

    @property
    def words(self) -> str:
        """The day as the chart's axis writes it."""
        return figures.day(figures.moment_of(end_of_day(self.on)), timezone.now())

    @property
    def address(self) -> str:
        """Where the score of this day is explained, from the page of the score."""
        return f"?on={self.on.isoformat()}"


def days(explanation: Explanation, definition: Definition) -> list[Day]:
    """Return the days before and after the instant of the explanation, which is the present."""
    today = figures.moment_of(explanation.at).date()
    dates = [today + timedelta(days=step) for step in range(-BACK_DAYS, AHEAD_DAYS + 1)]
    instants = [explanation.at if on == today else end_of_day(on) for on in dates]
    scores = scores_at(explanation, definition, instants)
    return [Day(on, round(score, 1) + 0.0, on > today) for on, score in zip(dates, scores, strict=True)]


def turns(told: Sequence[Day]) -> list[Day]:
    """Return the past days worth a row in words, newest first: those on which the score rose, and today."""
    past = [day for day in told if not day.ahead]
    risen = [day for before, day in pairwise(past) if day.score > before.score]
    return [day for day in reversed(past) if day in risen or day is past[-1]]


def chart(told: Sequence[Day], definition: Definition, chosen: date | None) -> dict[str, Any]:
    """Return what the chart draws: the past, what lies ahead, the lines of the definition and the chosen day."""
    past = [None if day.ahead else {"value": day.score, "url": day.address} for day in told]
    last = max(index for index, day in enumerate(told) if not day.ahead)
    ahead = [day.score if index >= last else None for index, day in enumerate(told)]
    return {
        "tooltip": {"trigger": "axis"},
        "grid": {"left": 8, "right": 16, "top": 12, "bottom": 8, "containLabel": True},
        "xAxis": {"type": "category", "boundaryGap": False, "data": [day.words for day in told]},
        "yAxis": {"type": "value", "min": 0, "splitNumber": 4},
        "series": [
            {
                **_line(_("Engagement"), past, colour="accent", dash="solid"),
                "areaStyle": {"opacity": 0.08},
                "markLine": _marks(told, definition, chosen),
            },
            _line(_("If nothing happens"), ahead, colour="muted", dash="dashed"),
        ],
    }


def _line(name: str, points: Sequence[Any], *, colour: str, dash: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": "line",
        "data": points,
        "symbolSize": 8,
        "showSymbol": False,
        "lineStyle": {"width": 2, "type": dash, "color": colour},
        "itemStyle": {"color": colour},
    }


def _marks(told: Sequence[Day], definition: Definition, chosen: date | None) -> dict[str, Any]:
    promotion = definition.promotion
    marks: list[dict[str, Any]] = [
        {
            "yAxis": line / 1000,
            "label": {"position": place, "color": "muted", "formatter": words},
            "lineStyle": {"type": "dashed", "color": "stage:qualified"},
        }
        for line, words, place in (
            (promotion.engagement, _("qualified"), "insideStartTop"),
            (promotion.keeps, _("stays qualified"), "insideStartBottom"),
        )
        if line
    ]
    index = next((index for index, day in enumerate(told) if day.on == chosen), None)
    if index is not None:
        marks.append({"xAxis": index, "label": {"show": False}, "lineStyle": {"type": "solid", "color": "ink"}})
    return {"silent": True, "symbol": "none", "data": marks}
