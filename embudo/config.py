"""Where settings come from: the environment, read once, each with a safe default.

This is the one place, where all of them are checked too; `setting_text.py` knows how each kind is written.
`docs/settings.md` is checked against it by a test. No Django here, so that the collector and the log read the same
settings as the site.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from embudo import setting_text as text

CALLED = "EMBUDO_CALLED"  # by which command people started it, should that not be `embudo up`
OWN = ("EMBUDO_SUPERVISED", CALLED)  # what Embudo tells its own processes


def _setting(name: str, default: Any, read: text.Reader, words: str) -> Any:
    return field(default=default, metadata={"name": name, "read": read, "words": words})


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of one install."""

    data: Path = _setting("EMBUDO_DATA", Path("var"), Path, "folder of everything the install keeps")
    database_url: str = _setting(
        "EMBUDO_DATABASE_URL",
        "",
        text.postgresql,
        "postgresql://... for the server shape; empty: SQLite in the data folder",
    )
    web_host: str = _setting("EMBUDO_WEB_HOST", "127.0.0.1", text.host, "address the site listens on")
    web_port: int = _setting("EMBUDO_WEB_PORT", 8000, text.port, "port of the site")
    web_workers: int = _setting("EMBUDO_WEB_WORKERS", 1, text.whole(1, 64), "processes that answer for the site")
    web_threads: int = _setting(
        "EMBUDO_WEB_THREADS", 4, text.whole(1, 256), "requests that one such process answers at a time"
    )
    collector_host: str = _setting("EMBUDO_COLLECTOR_HOST", "127.0.0.1", text.host, "address the collector listens on")
    collector_port: int = _setting("EMBUDO_COLLECTOR_PORT", 8001, text.port, "port of the collector")
    collector_workers: int = _setting("EMBUDO_COLLECTOR_WORKERS", 1, text.whole(1, 64), "processes that take events")
    collector_url: str = _setting(
        "EMBUDO_COLLECTOR_URL",
        "",
        text.web_address(path=True),
        "public address of the collector, as pages see it; empty: http://host:port",
    )
    site_url: str = _setting(
        "EMBUDO_SITE_URL", "", text.web_address(path=False), "public address of the site; empty: http://host:port"
    )
    allowed_hosts: str = _setting("EMBUDO_ALLOWED_HOSTS", "", text.hosts, "further host names of the site, with commas")
    work_threads: int = _setting(
        "EMBUDO_WORK_THREADS",
        2,
        text.whole(1, 64),
        "pieces of long work (imports, exports) that one process does at a time",
    )
    shards: int = _setting(
        "EMBUDO_LOG_SHARDS", 1, text.whole(1, 256), "shards of the log's tail; settled when the log is made"
    )
    secret_key: str = _setting(
        "EMBUDO_SECRET_KEY",
        "",
        text.secret,
        "what signs sessions and links; empty: made at first start and kept in data/secret_key",
    )
    debug: bool = _setting("EMBUDO_DEBUG", False, text.yes_or_no, "show errors with their source; never in production")
    time_zone: str = _setting(
        "EMBUDO_TIME_ZONE", "UTC", text.time_zone, "time zone of the company, for those who chose none"
    )
    language: str = _setting(
        "EMBUDO_LANGUAGE", "en", text.one_of("en", "es", "pt-br"), "language for those who chose none: en, es or pt-br"
    )
    mail_url: str = _setting(
        "EMBUDO_MAIL_URL",
        "",
        text.mail_server,
        "smtp://user:password@host:port of the mail server; empty: no mail is sent",
    )
    mail_from: str = _setting(
        "EMBUDO_MAIL_FROM", "", text.mail_address, "sender of the mails of the site; empty: embudo@ the site's host"
    )
    oidc: str = _setting(
        "EMBUDO_OIDC",
        "",
        text.providers,
        "name=https://client-id:secret@issuer of each OpenID Connect provider for sign-in; empty: none",
    )
    rate_per_key: int = _setting(
        "EMBUDO_RATE_PER_KEY", 5000, text.whole(0, 10**9), "events a second one write key may send; 0: no limit"
    )
    rate_per_address: int = _setting(
        "EMBUDO_RATE_PER_ADDRESS", 300, text.whole(0, 10**9), "requests a second one address may send; 0: no limit"
    )
    api_rate: int = _setting(
        "EMBUDO_API_RATE", 20, text.whole(0, 10**6), "requests a second one API key may make; 0: no limit"
    )
    webhook_networks: str = _setting(
        "EMBUDO_WEBHOOK_NETWORKS",
        "",
        text.networks,
        "private addresses and networks that webhooks may reach all the same, with commas; empty: none",
    )
    trusted_proxies: str = _setting(
        "EMBUDO_TRUSTED_PROXIES",
        "",
        text.networks,
        "your proxies' addresses and networks, with commas: their X-Forwarded-For is believed",
    )
    places: str = _setting(
        "EMBUDO_PLACES",
        "",
        text.file,
        "file (.mmdb) that tells a visitor's country, region and city; empty: no place is known",
    )
    failed_quota_mb: int = _setting(
        "EMBUDO_FAILED_QUOTA_MB",
        256,
        text.whole(0, 10**6),
        "room for the bodies of failed events, of which one site gets half of what the others leave;"
        " beyond it they count as refused",
    )
    seal_rows: int = _setting(
        "EMBUDO_SEAL_ROWS",
        200_000,
        text.whole(1, 10**9),
        "rows in the tail of a shard from which they are sealed to Parquet",
    )

    retention: tuple[tuple[str, int], ...] = _setting(
        "EMBUDO_RETENTION",
        (),
        text.retention,
        "days after which facts leave, by kind: page_viewed=730d, *=1825d; empty: all of them stay",
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
    def sender(self) -> str:
        """The sender of the mails that the site sends."""
        return self.mail_from or f"embudo@{urlsplit(self.site_address).hostname}"

    @property
    def collector_address(self) -> str:
        """The collector's address as browsers see it, without a slash at the end."""
        return (self.collector_url or f"http://{self.collector_host}:{self.collector_port}").rstrip("/")

    @property
    def site_address(self) -> str:
        """The site's address as browsers see it, without a slash at the end."""
        return (self.site_url or f"http://{self.web_host}:{self.web_port}").rstrip("/")


class BadSetting(ValueError):
    """Settings cannot be used; the message names all of them, each with its value, why not, and what is allowed."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))


def read(environ: Mapping[str, str] = os.environ) -> Config:
    """Return the settings of `environ`; raises BadSetting, which names every one that cannot be used."""
    given, problems = {}, []
    for each in fields(Config):
        name, words = each.metadata["name"], environ.get(each.metadata["name"])
        if words is None or words == "":
            continue
        try:
            given[each.name] = each.metadata["read"](words)
        except text.Unfit as error:
            problems.append(f"{name} is {_shown(name, words)}: {error}.")
    config = Config(**given)
    if problems := problems or _contradictions(config):
        raise BadSetting(problems)
    return config


def unknown(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the names in `environ` that begin like a setting and are none, each with the one it looks like or ""."""
    known = [each.metadata["name"] for each in fields(Config)]
    odd = [name for name in environ if name.startswith("EMBUDO_") and name not in (*known, *OWN)]
    return {name: next(iter(get_close_matches(name, known, 1, cutoff=0.75)), "") for name in sorted(odd)}


def environment(config: Config) -> dict[str, str]:
    """Return the environment that makes a process read these settings."""
    return {each.metadata["name"]: _written(getattr(config, each.name)) for each in fields(Config)}


def _contradictions(config: Config) -> list[str]:
    if config.web_port == config.collector_port and config.web_host == config.collector_host:
        return [f"EMBUDO_WEB_PORT and EMBUDO_COLLECTOR_PORT are both {config.web_port}: give each a port of its own."]
    return []


def _shown(name: str, words: str) -> str:
    """Return a setting's text as it may stand in an output: never a password."""
    if name in ("EMBUDO_SECRET_KEY", "EMBUDO_OIDC"):
        return "set"
    return repr(re.sub(r"(://[^:/@]*):.*@", r"\1:***@", words))


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, tuple):
        return ",".join(f"{kind}={days}d" for kind, days in value)
    return str(value)
