"""The newest keys of a log: those its index does not hold yet, packed beside the rows and kept in memory by writers.

Writing each random key into a large index costs more than all the rest of an append. So a commit appends its keys in
one piece, every writing process knows those by heart, and `index` moves them to the index in large sorted portions.
What a process knows it learns from committed pieces only, so that a crash or a rolled back commit leaves no trace.
"""

import os
import threading
from array import array
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain

from embudo.eventlog.position import position, shard_and_offset
from embudo.eventlog.tail import Entry, Known

_KEY = 16  # bytes of a key hash
_WIDTH = _KEY + 3 * 8  # bytes of an entry: key, digest, received_at, subject
_EXAMINED = 5_000  # keys of the index that one commit adds to the sieve while it is not complete
_FIRST_BITS, _MOST_BITS = 25, 28  # of a sieve: 4 MB to 32 MB
_FEWEST = 16  # a process that commits less at once needs no sieve

Piece = tuple[int, bytes]  # position of the first row, packed entries of neighbours
Scan = Callable[[bytes, int], list[bytes]]  # the index's keys behind a key, at most so many


def packed(entries: Sequence[Entry]) -> Piece:
    """Return neighbours of one shard as a piece: all keys, then digests, instants of receipt and subjects."""
    keys, digests, positions, received, subjects = zip(*entries, strict=True)
    return positions[0], b"".join(keys) + array("q", chain(digests, received, subjects)).tobytes()


def unpacked(piece: Piece) -> list[Entry]:
    """Return the entries of a piece."""
    first, content = piece
    keys, count = _keys(content), len(content) // _WIDTH
    numbers = array("q", content[_KEY * count :])
    places = range(first, first + count)
    return list(zip(keys, numbers[:count], places, numbers[count : 2 * count], numbers[2 * count :], strict=True))


def positions_of(piece: Piece, subjects: set[int]) -> list[int]:
    """Return the positions of the rows of these subjects."""
    first, content = piece
    count = len(content) // _WIDTH
    found = array("q", content[-8 * count :])
    if subjects.isdisjoint(found):
        return []
    return [first + place for place, subject in enumerate(found) if subject in subjects]


def subjects_of(piece: Piece) -> "array[int]":
    """Return the subjects of the rows of a piece."""
    return array("q", piece[1][-8 * (len(piece[1]) // _WIDTH) :])


def _keys(content: bytes) -> list[bytes]:
    return [content[start : start + _KEY] for start in range(0, _KEY * (len(content) // _WIDTH), _KEY)]


class Recent:
    """What one process knows of the keys of a log. Only the writer of a shard asks about that shard's keys."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._shards: dict[int, _Shard] = {}
        self._sieve: Sieve | None = None

    def __len__(self) -> int:
        """How many keys it knows."""
        return sum(len(shard.known) for shard in self._shards.values())

    def known(
        self,
        keys: Sequence[bytes],
        marks: Mapping[int, tuple[int, int]],
        *,
        pieces: Callable[[int, int], Iterable[Piece]],
        scan: Scan,
    ) -> tuple[dict[bytes, Known], list[bytes]]:
        """Return what is known of keys, and those about which the index has to be asked.

        `marks` are the last and the last indexed offset of the shards the keys are of, `pieces(after, last)` reads
        those between two positions.
        """
        if self._pid != os.getpid():  # another thread may have held the lock when this process was forked
            self._begin()
        with self._lock:
            for shard, (last, indexed) in marks.items():
                self._learn(shard, last, indexed, pieces)
            found: dict[bytes, Known] = {}
            for shard in marks:
                found |= self._shards[shard].among(keys)
            unknown = [key for key in keys if key not in found] if found else list(keys)
            if len(keys) >= _FEWEST or self._sieve is not None:
                unknown = self._sieved(unknown, scan)
            return found, unknown

    def distrust(self) -> None:
        """Ask the index about every key again: some went there that this process did not see."""
        self._sieve = None

    def _learn(self, shard: int, last: int, indexed: int, pieces: Callable[[int, int], Iterable[Piece]]) -> None:
        mine = self._shards.get(shard)
        if mine is None or mine.seen > last:  # a log from before what we know was put in its place
            mine = self._shards[shard] = _Shard(indexed)
            self._sieve = None
        if indexed > mine.indexed:
            if indexed > mine.seen:  # keys went from others straight to the index
                self._sieve = None
            mine.forget(indexed)
        if last > mine.seen:
            for first, content in pieces(position(shard, mine.seen), position(shard, last)):
                keys = _keys(content)
                mine.learn(first, content, keys)
                if self._sieve is not None:
                    self._sieve.add(keys)
            mine.seen = last

    def _sieved(self, keys: list[bytes], scan: Scan) -> list[bytes]:
        if self._sieve is None or self._sieve.crowded:
            bits = _FIRST_BITS if self._sieve is None else min(_MOST_BITS, self._sieve.bits + 2)
            self._sieve = Sieve(bits)
            for shard in self._shards.values():
                self._sieve.add(shard.known)
        if not self._sieve.complete:
            self._sieve.examine(scan)
        return self._sieve.passing(keys)


class _Shard:
    """The keys of the rows behind the index's end of one shard."""

    def __init__(self, indexed: int) -> None:
        self.indexed = self.seen = indexed
        self.known: dict[bytes, tuple[int, bytes]] = {}  # key -> first position of its piece, the piece

    def learn(self, first: int, content: bytes, keys: Sequence[bytes]) -> None:
        """Take note of the keys of a piece."""
        self.known.update(dict.fromkeys(keys, (first, content)))

    def forget(self, indexed: int) -> None:
        """Forget what is in the index now."""
        self.indexed, self.seen = indexed, max(self.seen, indexed)
        self.known = {key: piece for key, piece in self.known.items() if shard_and_offset(piece[0])[1] > indexed}

    def among(self, keys: Sequence[bytes]) -> dict[bytes, Known]:
        """Return what is known of these keys."""
        found = {}
        for key in keys:
            if piece := self.known.get(key):
                first, content = piece
                place = _place(content, key)
                digests = _KEY * (len(content) // _WIDTH) + 8 * place
                found[key] = Known(array("q", content[digests : digests + 8])[0], first + place)
        return found


def _place(content: bytes, key: bytes) -> int:
    start = content.find(key)
    while start % _KEY:
        start = content.find(key, start + 1)
    return start // _KEY


class Sieve:
    """Tells of most keys that are in no index without asking it: one bit for a hash of each that is."""

    def __init__(self, bits: int) -> None:
        self.bits = bits
        self.complete = False
        self._mask = (1 << bits) - 1
        self._set = bytearray(1 << bits - 3)
        self._count = 0
        self._examined = b""

    @property
    def crowded(self) -> bool:
        """Whether a larger one would tell more."""
        return self._count << 3 > self._mask and self.bits < _MOST_BITS

    def add(self, keys: Collection[bytes]) -> None:
        """Set the bits of keys."""
        bits = self._set
        for place in self._places(keys):
            bits[place >> 3] |= 1 << (place & 7)
        self._count += len(keys)

    def examine(self, scan: Scan) -> None:
        """Add the next keys of the index; it is complete when there are no more."""
        keys = scan(self._examined, _EXAMINED)
        self.add(keys)
        self.complete = len(keys) < _EXAMINED
        self._examined = keys[-1] if keys else self._examined

    def passing(self, keys: Sequence[bytes]) -> list[bytes]:
        """Return the keys that the index may hold."""
        if not self.complete:
            return list(keys)
        bits, places = self._set, self._places(keys)
        return [key for key, place in zip(keys, places, strict=True) if bits[place >> 3] & 1 << (place & 7)]

    def _places(self, keys: Iterable[bytes]) -> list[int]:
        mask = self._mask
        return [number & mask for number in array("Q", b"".join(key[:8] for key in keys))]
