"""How far a reader has come: the last offset it has seen of every shard."""

from collections.abc import Iterable, Iterator, Mapping

from embudo.eventlog.position import OFFSET_BITS


class Cursor(Mapping[int, int]):
    """A frozen mapping shard -> last offset seen; a shard that is not there was not begun."""

    __slots__ = ("_offsets",)

    def __init__(self, offsets: Mapping[int, int] | None = None) -> None:
        self._offsets = {shard: offset for shard, offset in sorted((offsets or {}).items()) if offset > 0}

    def __getitem__(self, shard: int) -> int:
        return self._offsets[shard]

    def __iter__(self) -> Iterator[int]:
        return iter(self._offsets)

    def __len__(self) -> int:
        return len(self._offsets)

    def __hash__(self) -> int:
        return hash(tuple(self._offsets.items()))

    def __repr__(self) -> str:
        return f"Cursor({self._offsets})"

    def offset(self, shard: int) -> int:
        """Return the last offset seen of a shard, 0 when it was not begun."""
        return self._offsets.get(shard, 0)

    def passed(self, other: Mapping[int, int]) -> bool:
        """Return whether everything that `other` has seen was seen here, too."""
        return all(self.offset(shard) >= offset for shard, offset in other.items())

    def moved(self, offsets: Mapping[int, int]) -> "Cursor":
        """Return this cursor with these shards at these offsets."""
        return Cursor({**self._offsets, **offsets})

    @classmethod
    def of(cls, places: Iterable[tuple[int, int]]) -> "Cursor":
        """Return the cursor that has just seen all these (shard, offset)."""
        offsets: dict[int, int] = {}
        for shard, offset in places:
            offsets[shard] = max(offset, offsets.get(shard, 0))
        return cls(offsets)

    def to_text(self) -> str:
        """Return the cursor as text, "0:12,1:40"."""
        return ",".join(f"{shard}:{offset}" for shard, offset in self._offsets.items())

    @classmethod
    def from_text(cls, text: str) -> "Cursor":
        """Return the cursor of `to_text`; raises ValueError on other text."""
        pairs = (pair.split(":") for pair in text.split(",") if pair)
        offsets = {int(shard): int(offset) for shard, offset in pairs}
        if max(offsets.values(), default=0) >= 1 << OFFSET_BITS:
            raise ValueError(f"no offset is as large as one in {text[:80]!r}")
        return cls(offsets)
