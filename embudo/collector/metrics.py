"""What the door counts of itself, in the text Prometheus reads."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_HISTOGRAM = "embudo_collector_commit_seconds"


class Metrics:
    """Counts since this process started."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()  # by outcome: accepted, duplicate, conflict, failed, refused ...
        self.reasons: Counter[str] = Counter()  # of what failed or was refused
        self.answers: Counter[str] = Counter()  # by status
        self.waiting = 0  # events in the queue
        self.log_problem = ""
        self._unavailable = 0
        self._commits = [0] * (len(BUCKETS_S) + 1)
        self._commit_s = 0.0

    def committed(self, seconds: float) -> None:
        """Take note of a commit that worked."""
        place = next((index for index, limit in enumerate(BUCKETS_S) if seconds <= limit), len(BUCKETS_S))
        self._commits[place] += 1
        self._commit_s += seconds
        self.log_problem = ""

    def log_failed(self, words: str) -> None:
        """Take note of a commit that did not."""
        self._unavailable += 1
        self.log_problem = words or "the log cannot write now"

    def state(self) -> dict[str, Any]:
        """Return the counts as plain values."""
        return {
            "events": dict(self.events),
            "reasons": dict(self.reasons),
            "answers": dict(self.answers),
            "waiting": self.waiting,
            "unavailable": self._unavailable,
            "commits": self._commits,
            "commit_s": self._commit_s,
        }

    def plus(self, state: Mapping[str, Any]) -> "Metrics":
        """Return these counts and those of another process's `state` together."""
        both = Metrics()
        both.events = self.events + Counter(state["events"])
        both.reasons = self.reasons + Counter(state["reasons"])
        both.answers = self.answers + Counter(state["answers"])
        both.waiting = self.waiting + state["waiting"]
        both._unavailable = self._unavailable + state["unavailable"]
        both._commits = [mine + theirs for mine, theirs in zip(self._commits, state["commits"], strict=True)]
        both._commit_s = self._commit_s + state["commit_s"]
        return both

    def text(self, *, lag: int | None) -> str:
        """Return all of it as Prometheus reads it; `lag` is how many events wait to be followed, where known."""
        return "\n".join(self._lines(lag)) + "\n"

    def _lines(self, lag: int | None) -> Iterator[str]:
        yield from _counter("embudo_collector_events_total", "Events by outcome.", "outcome", self.events)
        yield from _counter("embudo_collector_drops_total", "Failed or refused, by reason.", "reason", self.reasons)
        yield from _counter("embudo_collector_answers_total", "Answers by status.", "status", self.answers)
        yield from _one("embudo_collector_unavailable_total", "counter", "Failed commits.", self._unavailable)
        yield from _one("embudo_collector_queue_events", "gauge", "Events that wait to be kept.", self.waiting)
        if lag is not None:
            yield from _one("embudo_follow_lag_events", "gauge", "Events kept and not yet followed.", lag)
        yield f"# HELP {_HISTOGRAM} Time of one durable group commit."
        yield f"# TYPE {_HISTOGRAM} histogram"
        running = 0
        for limit, count in zip((*BUCKETS_S, "+Inf"), self._commits, strict=True):
            running += count
            yield f'{_HISTOGRAM}_bucket{{le="{limit}"}} {running}'
        yield f"{_HISTOGRAM}_sum {self._commit_s:.6f}"
        yield f"{_HISTOGRAM}_count {running}"


def _one(name: str, kind: str, words: str, value: float) -> Iterator[str]:
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} {kind}"
    yield f"{name} {value}"


def _counter(name: str, words: str, label: str, counts: Mapping[str, int]) -> Iterator[str]:
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} counter"
    for value, count in sorted(counts.items()):
        yield f'{name}{{{label}="{value}"}} {count}'
