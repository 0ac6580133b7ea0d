"""How events enter the log: each key once, everything counted, all of a batch in one durable transaction."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import NamedTuple

import msgspec

from embudo.core.event import Event
from embudo.core.intake import Reason
from embudo.eventlog.columns import packed, props_json
from embudo.eventlog.ledger import DUPLICATES, FAILED, FAILED_BYTES, KEPT, RECEIVED, REFUSED, room_of
from embudo.eventlog.position import key_hash, position, shard_and_offset, shard_of
from embudo.eventlog.tail import FailedState, Failure, Tail, Writing

ID_REUSED, UNSTORABLE = Reason.ID_REUSED.value, Reason.UNSTORABLE.value
FAILED_QUOTA, ERASED_PERSON = Reason.FAILED_QUOTA.value, Reason.ERASED.value


class Outcome(StrEnum):
    """What became of one event."""

    ACCEPTED = "accepted"  # kept now
    DUPLICATE = "duplicate"  # kept before, with the same content
    CONFLICT = "conflict"  # another event with this id is kept; this one is a failed event (`id_reused`)
    FAILED = "failed"  # holds a value no storage can hold; a failed event (`unstorable`)
    ERASED = "erased"  # of a person who was erased, from before the erasure; refused and not kept


class Receipt(NamedTuple):
    """Where an event stands and what became of it; of a duplicate or conflict: where the first one stands.

    The offset is 0 when there is no such place (failed, erased).
    """

    shard: int
    offset: int
    outcome: Outcome


# An event made ready outside the lock: its index in the batch, itself, its key, digest and shard, its packed row. It is
# made for each event that comes in, hence a plain tuple.
Candidate = tuple[int, Event, bytes, int, int, bytes]


@dataclass(slots=True)
class Batch:
    """What one commit is going to do."""

    receipts: list[Receipt]
    candidates: list[Candidate] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def shards(self) -> set[int]:
        """The shards it touches; failures without an event go with the first of them, else with shard 0."""
        return {each[4] for each in self.candidates} or {0}


def digest(event: Event, props: bytes) -> int:
    """Return 63 bits of what makes two events with one key the same: kind, identifiers, props; never the times.

    A retry has another sent time, hence another correction of its clock, and is still the same event.
    """
    head = f"{event.kind}\0{event.identifier}\0{event.anonymous_id}\0{event.user_id}\0"
    return int.from_bytes(blake2b(head.encode() + props, digest_size=8).digest(), "big") >> 1


def prepare(
    events: Sequence[Event],
    failures: Iterable[Failure],
    refused: Mapping[str, int],
    *,
    shards: int,
    is_erased: Callable[[Event], bool] | None = None,
) -> Batch:
    """Return the batch of these events, failures and refusals, with everything done that needs no lock."""
    batch = Batch([Receipt(0, 0, Outcome.ACCEPTED)] * len(events), failures=list(failures))
    batch.counts[RECEIVED] = len(events) + len(batch.failures) + sum(refused.values())
    for reason, count in refused.items():
        batch.counts[f"{REFUSED}:{reason}"] += count
    for place, event in enumerate(events):
        if is_erased is not None and is_erased(event):
            batch.counts[f"{REFUSED}:{ERASED_PERSON}"] += 1
            batch.receipts[place] = Receipt(0, 0, Outcome.ERASED)
            continue
        try:
            batch.candidates.append(_candidate(place, event, shards))
        except (ValueError, TypeError, OverflowError, AttributeError) as error:
            batch.failures.append(failure_of(event, UNSTORABLE, str(error)))
            batch.receipts[place] = Receipt(0, 0, Outcome.FAILED)
    return batch


def _candidate(place: int, event: Event, shards: int) -> Candidate:
    props = props_json(event)
    content = packed(event, props)
    key = key_hash(event.source, event.id)
    return place, event, key, digest(event, props), shard_of(key, shards) if shards > 1 else 0, content


def failure_of(event: Event, reason: str, detail: str) -> Failure:
    """Return the failed event of an event that was read but cannot be kept, its body written as JSON."""
    body = {name: getattr(event, name) for name in event.__slots__}
    try:
        text = msgspec.json.encode(body, enc_hook=str)
    except (ValueError, TypeError, OverflowError):
        text = repr(body).encode(errors="backslashreplace")
    return Failure(_clean(event.source), reason, text, event.received_at, _clean(detail))


def _clean(text: object) -> str:
    return str(text).replace("\0", "\\0").encode(errors="backslashreplace").decode()


def commit(tail: Tail, batch: Batch, *, quota_bytes: int) -> list[Receipt]:
    """Keep a batch in one durable transaction and return the receipts of its events, in their order.

    Raises LogUnavailable; then nothing of the batch is kept.
    """
    if not batch.counts[RECEIVED]:
        return []
    shards = batch.shards
    with tail.writing(shards) as writing:
        receipts, failures, counts = list(batch.receipts), list(batch.failures), Counter(batch.counts)
        failures += _keep(writing, batch.candidates, receipts, counts)
        _fail(writing, failures, counts, quota_bytes)
        writing.count(min(shards), counts)
    return receipts


def _keep(
    writing: Writing, candidates: Sequence[Candidate], receipts: list[Receipt], counts: Counter[str]
) -> list[Failure]:
    """Write the rows that are new, fill in all receipts, and return the failures of reused ids."""
    known: dict[bytes, tuple[int, int]] = {**writing.known([each[2] for each in candidates])}
    last = writing.last({each[4] for each in candidates})
    rows, entries, reused = [], [], []
    for place, event, key, same, shard, content in candidates:
        first = known.get(key)
        if first is None:
            offset = last[shard] = last[shard] + 1
            here = position(shard, offset)
            known[key] = same, here
            rows.append((here, content))
            entries.append((key, same, here, event.received_at, event.subject))
            receipts[place] = Receipt(shard, offset, Outcome.ACCEPTED)
        elif first[0] == same:
            counts[DUPLICATES] += 1
            receipts[place] = Receipt(*shard_and_offset(first[1]), Outcome.DUPLICATE)
        else:
            reused.append(failure_of(event, ID_REUSED, f"another event of {event.source} has the id {event.id}"))
            receipts[place] = Receipt(*shard_and_offset(first[1]), Outcome.CONFLICT)
    counts[KEPT] += len(rows)
    writing.keep(rows, entries, last)
    return reused


def _fail(writing: Writing, failures: Sequence[Failure], counts: Counter[str], quota_bytes: int) -> None:
    """Write the failed events as far as the quota reaches; the rest counts as refused.

    A source has half of what the others leave, so that none of them is without room.
    """
    if not failures:
        return
    used = Counter(writing.counted(FAILED_BYTES))
    kept = []
    for each in failures:
        name = room_of(each.source)
        if used.total() + used[name] + len(each.body) > quota_bytes:
            counts[f"{REFUSED}:{FAILED_QUOTA}"] += 1
            continue
        used[name] += len(each.body)
        counts[name] += len(each.body)
        counts[f"{FAILED}:{each.reason}"] += 1
        kept.append(each)
    writing.fail(kept)


class _Stays(Exception):
    """A replay did not succeed; the transaction is rolled back and the failed event stays open."""


def replay(tail: Tail, number: int, batch: Batch, *, at: int, by: str) -> Receipt | None:
    """Keep the one event of a batch in place of an open failed event, both in one transaction; return its receipt.

    With the outcome accepted or duplicate the failed event is settled and moves from failed to accepted in the
    ledger; otherwise it stays open. Returns None when no failed event is open by that number.
    """
    if not batch.candidates:
        return batch.receipts[0]
    receipts, counts = list(batch.receipts), Counter[str]()
    try:
        with tail.writing(batch.shards) as writing:
            failed = writing.settle(number, FailedState.REPLAYED, at=at, by=by)
            if failed is None or _keep(writing, batch.candidates, receipts, counts):
                raise _Stays
            counts[f"{FAILED}:{failed.reason}"] -= 1
            writing.count(min(batch.shards), counts)
    except _Stays:
        return None if failed is None else receipts[0]
    return receipts[0]


def dismiss(tail: Tail, number: int, *, at: int, by: str) -> bool:
    """Settle an open failed event without keeping anything of it; return whether one was open by that number."""
    with tail.writing({0}) as writing:
        return writing.settle(number, FailedState.DISMISSED, at=at, by=by) is not None
