"""What is written while somebody only looks: the statements that change tables, and facts in the log."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

CHANGE = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM|REPLACE INTO)\s+"?(\w+)"?', re.IGNORECASE)
# Being signed in leaves a trace: the session, the list of sessions, and that somebody looked at a person.
TRACES = {"django_session", "accounts_usersession", "accounts_auditentry"}


@dataclass
class Writes:
    """The tables that were written to, other than those in which looking leaves a trace."""

    seen: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def watched(cls) -> Iterator["Writes"]:
        """Watch every statement until the block ends."""
        writes = cls()
        with connection.execute_wrapper(writes._statement):
            yield writes

    def _statement(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if (found := CHANGE.match(sql)) and found[1] not in TRACES:
            self.seen.append(sql[:160])
        return execute(sql, params, many, context)
