"""What became of everything the log was handed: received = accepted + failed + refused (DESIGN 9.17)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

RECEIVED, KEPT, DUPLICATES, FAILED, REFUSED, FAILED_BYTES = (
    "received", "kept", "duplicates", "failed", "refused", "failed_bytes",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ledger:
    """Counts since the log was made.

    `received` counts every event handed in, at the moment it is; the rest count where each was decided.
    `accepted` = `kept` + `duplicates`: a duplicate was received and is answered like the first, because it is
    kept already. `failed` are those kept as failed events, by reason; `refused` those not kept, by reason.
    A failed event that is replayed with success moves from failed to accepted.
    """

    received: int = 0
    kept: int = 0
    duplicates: int = 0
    failed_by_reason: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    failed_bytes: int = 0  # room that the failed bodies take now

    @property
    def accepted(self) -> int:
        """Events the log holds or held, each received once or more."""
        return self.kept + self.duplicates

    @property
    def failed(self) -> int:
        """Events kept as failed ones."""
        return sum(self.failed_by_reason.values())

    @property
    def refusals(self) -> int:
        """Events not kept, all reasons together."""
        return sum(self.refused.values())

    @property
    def balanced(self) -> bool:
        """Whether received = accepted + failed + refused."""
        return self.received == self.accepted + self.failed + self.refusals

    @classmethod
    def of(cls, counters: Iterable[tuple[str, int]]) -> "Ledger":
        """Return the ledger of counters named "received", "failed:<reason>", "failed_bytes:<source>" ..."""
        plain: dict[str, int] = {}
        reasons: dict[str, dict[str, int]] = {FAILED: {}, REFUSED: {}, FAILED_BYTES: {}}
        for name, value in counters:
            what, _, reason = name.partition(":")
            into = reasons.get(what, plain)
            into[reason or what] = into.get(reason or what, 0) + value
        return cls(
            received=plain.get(RECEIVED, 0),
            kept=plain.get(KEPT, 0),
            duplicates=plain.get(DUPLICATES, 0),
            failed_by_reason={reason: count for reason, count in reasons[FAILED].items() if count},
            refused={reason: count for reason, count in reasons[REFUSED].items() if count},
            failed_bytes=sum(reasons[FAILED_BYTES].values()),
        )


def room_of(source: str) -> str:
    """Return the name of the counter of the room that a source's failed bodies take."""
    return f"{FAILED_BYTES}:{source}"
