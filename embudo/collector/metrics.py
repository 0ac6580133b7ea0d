"""What the door counts of itself, in the text Prometheus reads."""

from collections import Counter
from collections.abc import Iterator

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """Counts since this process started."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()  # by outcome: accepted, duplicate, conflict, failed, refused ...
        self.reasons: Counter[str] = Counter()  # of what failed or was refused
        self.answers: Counter[int] = Counter()  # by status
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

    def text(self, *, waiting: int, lag: int | None) -> str:
        """Return all of it as Prometheus reads it; `lag` is how many events wait to be followed, where known."""
        return "\n".join(self._lines(waiting, lag)) + "\n"

    def _lines(self, waiting: int, lag: int | None) -> Iterator[str]:
        yield from _counter("embudo_collector_events_total", "Events by outcome.", "outcome", self.events)
        yield from _counter("embudo_collector_drops_total", "Failed or refused, by reason.", "reason", self.reasons)
        yield from _counter("embudo_collector_answers_total", "Answers by status.", "status", self.answers)
        yield from _lines("embudo_collector_unavailable_total", "counter", "Failed commits.", self._unavailable)
        yield from _lines("embudo_collector_queue_events", "gauge", "Events that wait to be kept.", waiting)
        if lag is not None:
            yield from _lines("embudo_follow_lag_events", "gauge", "Events kept and not yet followed.", lag)
        yield "# HELP embudo_collector_commit_seconds Time of one durable group commit."
        yield "# TYPE embudo_collector_commit_seconds histogram"
        running = 0
        for limit, count in zip((*BUCKETS_S, "+Inf"), self._commits, strict=True):
            running += count
            yield f'embudo_collector_commit_seconds_bucket{{le="{limit}"}} {running}'
        yield f"embudo_collector_commit_seconds_sum {self._commit_s:.6f}"
        yield f"embudo_collector_commit_seconds_count {running}"


def _lines(name: str, kind: str, words: str, value: float) -> Iterator[str]:
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} {kind}"
    yield f"{name} {value}"


def _counter(name: str, words: str, label: str, counts: "Counter[str] | Counter[int]") -> Iterator[str]:
    yield f"# HELP {name} {words}"
    yield f"# TYPE {name} counter"
    for value, count in sorted(counts.items(), key=str):
        yield f'{name}{{{label}="{value}"}} {count}'
