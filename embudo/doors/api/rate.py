"""How often a key may ask: one limit for it, whichever process of the site answers."""

from functools import lru_cache

from django.conf import settings
from django.db import connection

from embudo.collector.limits import Limit
from embudo.config import Config
from embudo.doors.models import ApiKey
from embudo.leads import sql
from embudo.leads.clock import now

WAIT_S = 1  # of a bucket that holds a second's worth, one request is there again within that

# One statement, so that no two processes spend the same; clocks of several hosts may differ, time never goes back.
_LEFT = "{greatest}(0.0, s.spent - {greatest}(0, excluded.as_of_at - s.as_of_at) * {per_s} / 1000000.0)"
_SPEND = (
    "INSERT INTO doors_spending AS s (key_id, spent, as_of_at) VALUES (%s, 1.0, %s) ON CONFLICT (key_id) DO UPDATE"
    f" SET spent = {_LEFT} + 1.0, as_of_at = {{greatest}}(s.as_of_at, excluded.as_of_at) WHERE {_LEFT} < {{per_s}}"
)


def allows(key: ApiKey, *, at: int | None = None) -> bool:
    """Take one request from what the key may make at `at` (now); False, and nothing is taken, when that is spent."""
    config = settings.EMBUDO
    if not config.api_rate:
        return True
    if is_alone(config):
        return _alone(config.api_rate).allows(str(key.pk))
    greatest = "GREATEST" if connection.vendor == "postgresql" else "MAX"
    statement = _SPEND.format(greatest=greatest, per_s=int(config.api_rate))
    return sql.one(statement, [key.pk, now() if at is None else at]) == 1


def is_alone(config: Config) -> bool:
    """Return whether one process answers for the site: then its memory is enough, and no request has to write."""
    return config.embedded and config.web_workers == 1


@lru_cache(maxsize=8)
def _alone(per_s: int) -> Limit:
    return Limit(per_s)
