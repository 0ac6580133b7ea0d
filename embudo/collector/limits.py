"""How much one key or one address may send: token buckets that hold one second's worth."""

import time
from collections.abc import Callable

MAX_KNOWN = 100_000  # addresses remembered at a time


class Limit:
    """A limit of so many a second for each name; 0 lifts it."""

    def __init__(self, per_s: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_s = per_s
        self._clock = clock
        self._spent: dict[str, tuple[float, float]] = {}  # name -> (spent, as of)

    def allows(self, name: str, cost: int = 1) -> bool:
        """Take `cost` from the name's bucket; False, and nothing is taken, when it is empty.

        A cost above what is left passes while something is left and is paid back later, so that a batch
        larger than a second's worth is not refused forever.
        """
        if not self.per_s:
            return True
        now = self._clock()
        spent, since = self._spent.get(name, (0.0, now))
        spent = max(0.0, spent - (now - since) * self.per_s)
        if spent >= self.per_s:
            return False
        if len(self._spent) >= MAX_KNOWN and name not in self._spent:
            self._forget(now)
        self._spent[name] = (spent + cost, now)
        return True

    def wait_s(self, name: str) -> int:
        """Return after how many whole seconds, at least 1, the name may send again."""
        spent, since = self._spent.get(name, (0.0, 0.0))
        left = spent - (self._clock() - since) * self.per_s - self.per_s
        return max(1, int(left / self.per_s) + 1) if self.per_s else 1

    def _forget(self, now: float) -> None:
        self._spent = {name: kept for name, kept in self._spent.items() if kept[0] > (now - kept[1]) * self.per_s}
        if len(self._spent) >= MAX_KNOWN:
            self._spent.clear()
