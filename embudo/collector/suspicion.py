"""What speaks for a machine: its user agent, its headers, and how it behaves. Marks only; core/intake.py judges."""

import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Protocol

from embudo.core.intake import IMPOSSIBLE_VIEWS, UNREAD_VIEWS

WINDOW_S = 10.0
MAX_VISITORS = 50_000
TRACKER = "embudo-tracker"  # as tracker.js calls itself
_PREFETCH = ("sec-purpose", "purpose", "x-purpose", "x-moz")


class HeadersOf(Protocol):
    """The headers of a request, names in lower case."""

    def get(self, key: str, default: Any = None) -> Any:
        """Return a header's text; of one sent in several lines the first."""

    def items(self) -> Iterable[tuple[str, str]]:
        """Return every line: its name and text."""


def marks_of(headers: HeadersOf, user_agent: str) -> tuple[str, ...]:
    """Return what a request's headers say against a person behind it."""
    marks = agent_marks(user_agent[:1024])
    for name in _PREFETCH:
        said = headers.get(name)
        if said and ("prefetch" in said or "prerender" in said or "preview" in said):
            return (*marks, "prefetch")
    return marks


@lru_cache(maxsize=4096)
def agent_marks(user_agent: str) -> tuple[str, ...]:
    """Return what a user agent says against a person: missing, headless or a known robot."""
    if not user_agent.strip():
        return ("user_agent:missing",)
    if "headless" in user_agent.lower() or "PhantomJS" in user_agent:
        return ("user_agent:headless",)
    return ("user_agent:bot",) if _robots()(user_agent) else ()


@lru_cache(maxsize=1)
def _robots() -> Callable[[str], bool]:
    from crawlerdetect import CrawlerDetect

    found: Callable[[str], bool] = CrawlerDetect().is_crawler
    return found


class Visitors:
    """What each visitor did in the last seconds, in memory: page views, and whether any page was read."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, list[float]] = {}  # visitor -> [window began, views in it, views since the last reading]

    def marks(self, visitor: str, message: Any) -> tuple[str, ...]:
        """Take note of a message of a visitor; return what their behaviour says against a person."""
        view = message.get("type") == "page"
        seen = self._seen.get(visitor)
        if seen is None:
            if not view:
                return ()
            if len(self._seen) >= MAX_VISITORS:
                self._seen.clear()
            seen = self._seen[visitor] = [self._clock(), 0, 0]
        if self._clock() - seen[0] > WINDOW_S:
            seen[0], seen[1] = self._clock(), 0
        if view:
            seen[1] += 1
            seen[2] += _tells_reading(message)
        elif message.get("event") == "page_read" and _was_read(message):
            seen[2] = 0
        return (("impossible_rate",) if seen[1] > IMPOSSIBLE_VIEWS else ()) + (
            ("no_reading",) if seen[2] > UNREAD_VIEWS else ()
        )


def _tells_reading(message: Any) -> bool:
    """Whether a page view comes from our tracker: nobody else's script says how long a page was read."""
    context = message.get("context")
    library = context.get("library") if isinstance(context, dict) else None
    return isinstance(library, dict) and library.get("name") == TRACKER


def _was_read(message: Any) -> bool:
    properties = message.get("properties")
    dwell = properties.get("dwell_s") if isinstance(properties, dict) else None
    return isinstance(dwell, int | float) and dwell > 0
