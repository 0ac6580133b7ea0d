"""The record of facts: a durable tail and sealed Parquet segments. Everything else can be rebuilt from it."""

from embudo.eventlog.append import Outcome, Receipt
from embudo.eventlog.columns import Row
from embudo.eventlog.cursor import Cursor
from embudo.eventlog.ledger import Ledger
from embudo.eventlog.log import Log, open_log
from embudo.eventlog.tail import Failed, FailedState, Failure, LogUnavailable

__all__ = [
    "Cursor", "Failed", "FailedState", "Failure", "Ledger", "Log", "LogUnavailable", "Outcome", "Receipt", "Row",
    "open_log",
]  # fmt: skip
