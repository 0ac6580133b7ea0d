"""Where settings come from: the environment, read once, each with a safe default.

This is the one place. `docs/settings.md` is checked against it by a test. No Django here, so that the
collector and the log read the same settings as the site.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any


def _setting(name: str, default: Any, words: str) -> Any:
    return field(default=default, metadata={"name": name, "words": words})


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of one install."""

    data: Path = _setting("EMBUDO_DATA", Path("var"), "folder of everything the install keeps")
    database_url: str = _setting(
        "EMBUDO_DATABASE_URL", "", "postgresql://... for the server shape; empty: SQLite in the data folder"
    )
    web_host: str = _setting("EMBUDO_WEB_HOST", "127.0.0.1", "address the site listens on")
    web_port: int = _setting("EMBUDO_WEB_PORT", 8000, "port of the site")
    web_workers: int = _setting("EMBUDO_WEB_WORKERS", 1, "processes that answer for the site")
    web_threads: int = _setting("EMBUDO_WEB_THREADS", 4, "requests that one such process answers at a time")
    collector_host: str = _setting("EMBUDO_COLLECTOR_HOST", "127.0.0.1", "address the collector listens on")
    collector_port: int = _setting("EMBUDO_COLLECTOR_PORT", 8001, "port of the collector")
    collector_workers: int = _setting("EMBUDO_COLLECTOR_WORKERS", 1, "processes that take events")
    collector_url: str = _setting(
        "EMBUDO_COLLECTOR_URL", "", "public address of the collector, as pages see it; empty: http://host:port"
    )
    site_url: str = _setting("EMBUDO_SITE_URL", "", "public address of the site; empty: http://host:port")
    allowed_hosts: str = _setting("EMBUDO_ALLOWED_HOSTS", "", "further host names of the site, with commas")
    work_threads: int = _setting(
        "EMBUDO_WORK_THREADS", 2, "pieces of long work (imports, exports) that one process does at a time"
    )
    shards: int = _setting("EMBUDO_LOG_SHARDS", 1, "shards of the log's tail; settled when the log is made")
    secret_key: str = _setting(
        "EMBUDO_SECRET_KEY", "", "what signs sessions and links; empty: made at first start and kept in data/secret_key"
    )
    debug: bool = _setting("EMBUDO_DEBUG", False, "show errors with their source; never in production")
    time_zone: str = _setting("EMBUDO_TIME_ZONE", "UTC", "time zone of the company, for those who chose none")
    language: str = _setting("EMBUDO_LANGUAGE", "en", "language for those who chose none: en, es or pt-br")
    mail_url: str = _setting(
        "EMBUDO_MAIL_URL", "", "smtp://user:password@host:port of the mail server; empty: no mail is sent"
    )
    rate_per_key: int = _setting("EMBUDO_RATE_PER_KEY", 5000, "events a second one write key may send; 0: no limit")
    rate_per_address: int = _setting(
        "EMBUDO_RATE_PER_ADDRESS", 300, "requests a second one address may send; 0: no limit"
    )
    trusted_proxies: str = _setting(
        "EMBUDO_TRUSTED_PROXIES",
        "",
        "your proxies' addresses and networks, with commas: their X-Forwarded-For is believed",
    )
    failed_quota_mb: int = _setting(
        "EMBUDO_FAILED_QUOTA_MB", 256, "room for the bodies of failed events; beyond it they count as refused"
    )
    seal_rows: int = _setting(
        "EMBUDO_SEAL_ROWS", 200_000, "rows in the tail of a shard from which they are sealed to Parquet"
    )

    @property
    def embedded(self) -> bool:
        """Whether tables and tail are SQLite files in the data folder."""
        return not self.database_url

    @property
    def tables(self) -> Path:
        """The SQLite file of the tables in the embedded shape."""
        return self.data / "tables.sqlite3"

    @property
    def collector_address(self) -> str:
        """The collector's address as browsers see it, without a slash at the end."""
        return (self.collector_url or f"http://{self.collector_host}:{self.collector_port}").rstrip("/")

    @property
    def site_address(self) -> str:
        """The site's address as browsers see it, without a slash at the end."""
        return (self.site_url or f"http://{self.web_host}:{self.web_port}").rstrip("/")


class BadSetting(ValueError):
    """A setting's text cannot be read; the message names it and says what is expected."""


def read(environ: Mapping[str, str] = os.environ) -> Config:
    """Return the settings of `environ`; raises BadSetting on text that cannot be read."""
    given = {}
    for each in fields(Config):
        text = environ.get(each.metadata["name"])
        if text is not None and text != "":
            given[each.name] = _parse(each.metadata["name"], text, each.type)
    return Config(**given)


def _parse(name: str, text: str, kind: Any) -> Any:
    if kind is bool:
        if text.lower() not in ("0", "1", "true", "false", "yes", "no"):
            raise BadSetting(f"{name} is {text!r}; write 1 or 0")
        return text.lower() in ("1", "true", "yes")
    try:
        return kind(text)
    except ValueError as error:
        raise BadSetting(f"{name} is {text!r}; a {kind.__name__} is expected") from error
