"""The record of facts: a durable tail and sealed Parquet segments. Everything else can be rebuilt from it."""

from embudo.eventlog.append import Outcome, Receipt
from embudo.eventlog.columns import NewerLayout, Row
from embudo.eventlog.cursor import Cursor
from embudo.eventlog.erase import Evidence
from embudo.eventlog.ledger import Ledger
from embudo.eventlog.log import INDEX_AT, Log, adopt_segments, open_log, shared_log, verify_log
from embudo.eventlog.retain import Retention
from embudo.eventlog.tail import Failed, FailedState, Failure, LogDamaged, LogUnavailable
from embudo.eventlog.verify import Problem

__all__ = [
    "INDEX_AT", "Cursor", "Evidence", "Failed", "FailedState", "Failure", "Ledger", "Log", "LogDamaged",
    "LogUnavailable", "NewerLayout", "Outcome", "Problem", "Receipt", "Retention", "Row", "adopt_segments", "open_log",
    "shared_log", "verify_log",
]  # fmt: skip
