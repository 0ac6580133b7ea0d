"""What each daily visitor of an access log did, as far as it speaks for a machine; kept on disk where it grows large.

Beside hashes whose salt dies with the import only these bits are kept, in a file of SQLite that nobody else sees.
"""

import sqlite3
from collections.abc import Iterator

from embudo.collector.suspicion import Visitors, agent_marks
from embudo.core.event import SECOND

MOST = 100_000  # visitors in memory
VISITED, PAGED, LOADED, ROBOTS, FEED, RATE, BOT, HEADLESS, NAMELESS, SEEN = (1 << n for n in range(10))
AGENTS = {"user_agent:bot": BOT, "user_agent:headless": HEADLESS, "user_agent:missing": NAMELESS}
LOADING_SHARE = 0.1  # of the visitors of pages: when fewer load a picture or style, the log does not hold those


class Behaviour:
    """Notes what visitors do, then tells the marks of each."""

    def __init__(self) -> None:
        self._fresh: dict[str, int] = {}
        self._kept = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        self._kept.execute("CREATE TABLE did (visitor TEXT PRIMARY KEY, bits INTEGER NOT NULL) WITHOUT ROWID")
        self._now = 0.0
        self._rates = Visitors(clock=lambda: self._now)
        self.assets_logged = False

    def note(self, visitor: str, agent: str, bits: int, *, at: int) -> None:
        """Take note of a request of a visitor."""
        for mark in agent_marks(agent[:1024]):
            bits |= AGENTS[mark]
        if bits & PAGED:
            self._now = at / SECOND
            if "impossible_rate" in self._rates.marks(visitor, {"type": "page"}):
                bits |= RATE
        self._add(visitor, bits)

    def conclude(self) -> None:
        """Say whether the log holds pictures and styles at all; after the whole file was noted."""
        paged = sum(count for bits, count in self.groups() if bits & PAGED)
        loaded = sum(count for bits, count in self.groups() if bits & PAGED and bits & LOADED)
        self.assets_logged = loaded > LOADING_SHARE * paged

    def first(self, visitor: str) -> bool:
        """Return whether this visitor is asked about for the first time."""
        if self._bits(visitor) & SEEN:
            return False
        self._add(visitor, SEEN)
        return True

    def marks(self, visitor: str) -> tuple[str, ...]:
        """Return what speaks against a person behind this visitor, the strongest first."""
        return self.marks_of(self._bits(visitor))

    def marks_of(self, bits: int) -> tuple[str, ...]:
        """Return what these bits say against a person."""
        found = [mark for mark, bit in AGENTS.items() if bits & bit]
        if bits & ROBOTS:
            found.append("robots_txt")
        if bits & FEED and not bits & LOADED:
            found.append("feed_reader")
        if bits & RATE:
            found.append("impossible_rate")
        if self.assets_logged and bits & PAGED and not bits & LOADED:
            found.append("no_assets")
        return tuple(found)

    def groups(self) -> Iterator[tuple[int, int]]:
        """Yield what visitors did and how many did just that."""
        self._flush()
        yield from self._kept.execute("SELECT bits, count(*) FROM did GROUP BY bits").fetchall()

    def close(self) -> None:
        """Forget everybody."""
        self._kept.close()
        self._fresh.clear()

    def _bits(self, visitor: str) -> int:
        row = self._kept.execute("SELECT bits FROM did WHERE visitor = ?", (visitor,)).fetchone()
        return self._fresh.get(visitor, 0) | (row[0] if row else 0)

    def _add(self, visitor: str, bits: int) -> None:
        self._fresh[visitor] = self._fresh.get(visitor, 0) | bits
        if len(self._fresh) >= MOST:
            self._flush()

    def _flush(self) -> None:
        add = "INSERT INTO did VALUES (?, ?) ON CONFLICT (visitor) DO UPDATE SET bits = bits | excluded.bits"
        self._kept.execute("BEGIN")
        self._kept.executemany(add, self._fresh.items())
        self._kept.execute("COMMIT")
        self._fresh.clear()
