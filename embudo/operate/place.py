"""Checks of the install itself: its folder and files, its tables, its log, its mail server."""

import os
import smtplib
import stat
from pathlib import Path

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _

from embudo.config import Config, unknown
from embudo.eventlog import open_log, verify_log
from embudo.leads.models import ImportRun, Rebuild
from embudo.operate.finding import Finding, bad, good, note

TIMES_KEPT = "0009_the_funnel_is_kept_while_people_move"  # since then a move says whether its time is known


def files(config: Config) -> list[Finding]:
    """Look whether we may write in the data folder and nobody else may read its secret."""
    if not os.access(config.data, os.R_OK | os.W_OK | os.X_OK):
        return [
            bad(
                _("Data folder %(folder)s: not ours to write") % {"folder": config.data},
                _("Everything the install keeps is in there."),
                _("Give it to the account that runs Embudo: chown -R embudo %(folder)s") % {"folder": config.data},
            )
        ]
    found = [good(_("Data folder %(folder)s: writable") % {"folder": config.data})]
    return found + _secret(config.data / "secret_key") + _wide(config) + _strangers(config.data)


def _secret(file: Path) -> list[Finding]:
    if not file.exists() or not stat.S_IMODE(file.stat().st_mode) & 0o077:
        return []
    return [
        bad(
            _("The secret key can be read by others"),
            _("Whoever has it can sign in as anybody."),
            _(
                "chmod 600 %(file)s, and if others use this machine, delete it: a new one is made at the next start, "
                "and the secrets of webhooks and of second steps are then to be made anew"
            )
            % {"file": file},
        )
    ]


def _wide(config: Config) -> list[Finding]:
    """The tables of an install that was made before Embudo closed its files to others."""
    if not config.tables.exists() or not stat.S_IMODE(config.tables.stat().st_mode) & 0o077:
        return []
    return [
        bad(
            _("The tables can be read by others"),
            _("They hold people's data and password hashes."),
            f"chmod -R go-rwx {config.data}",
        )
    ]


def _strangers(folder: Path) -> list[Finding]:
    """Files of another account: typical after `embudo` was run once as root."""
    owner = folder.stat().st_uid
    odd = [file for file in (folder, *folder.rglob("*")) if _owner_of(file, owner) != owner]
    if not odd:
        return []
    return [
        bad(
            _("%(count)d files in the data folder belong to another account, such as %(file)s")
            % {"count": len(odd), "file": odd[0]},
            _("A process of the install may be unable to write them."),
            f"chown -R --reference={folder} {folder}",
        )
    ]


def _owner_of(file: Path, gone: int) -> int:
    """Return whose a file is; `gone` for one that went meanwhile, as those beside an open SQLite file do."""
    try:
        return file.lstat().st_uid
    except FileNotFoundError:
        return gone


def names(config: Config) -> list[Finding]:
    """Look whether the environment has names that look like settings and are none."""
    return [
        note(
            _("%(name)s is no setting") % {"name": name},
            _("It is not read, so that what it was meant to set has its default."),
            _("Did you mean %(like)s?") % {"like": like} if like else _("docs/settings.md names all of them."),
        )
        for name, like in unknown().items()
    ]


def proxies(config: Config) -> list[Finding]:
    """Look whether the web server in front, which an https address speaks of, may tell who visits."""
    if config.trusted_proxies or not {"https"} & {config.site_address[:5], config.collector_address[:5]}:
        return []
    return [
        note(
            _("Proxy: the public address is https, and EMBUDO_TRUSTED_PROXIES names no proxy"),
            _(
                "All visitors seem to come from the web server’s address: one limit of rate counts for all of them, "
                "cookieless visitors look like one, and failed sign-ins are limited by account alone."
            ),
            "EMBUDO_TRUSTED_PROXIES=127.0.0.1",
        )
    ]


def tables(config: Config) -> list[Finding]:
    """Look whether the tables answer, are sound, and are of this version."""
    try:
        waiting = _waiting()
        faults = _faults(config)
    except DatabaseError as error:
        return [
            bad(
                _("Tables: %(error)s") % {"error": error},
                _("The site cannot work without them."),
                _("Check EMBUDO_DATABASE_URL and that PostgreSQL runs.")
                if not config.embedded
                else _("Restore the last backup: embudo restore FILE --data NEW_FOLDER"),
            )
        ]
    if faults:
        return [
            bad(
                _("Tables: damaged (%(fault)s)") % {"fault": faults[0]},
                _("Pages may fail or show wrong figures."),
                _("Restore the last backup into a new folder; what came later is in the log: embudo rebuild"),
            )
        ]
    if waiting:
        return [
            note(
                _("Tables: %(count)d changes of this version are not applied yet") % {"count": waiting},
                _("`embudo up` applies them at its start."),
                "embudo manage migrate",
            )
        ]
    return [good(_("Tables: sound and of this version")), *_times()]


def _times() -> list[Finding]:
    """Whether there are people of an import from before it was kept that a time is not known."""
    migrations = MigrationRecorder.Migration.objects.filter(app="leads", name=TIMES_KEPT)
    since = int(migrations.values_list("applied", flat=True).get().timestamp() * 1_000_000)
    imported = ImportRun.objects.filter(dry_run=False, started_at__lt=since).exists()
    if not imported or Rebuild.objects.filter(started_at__gt=since, finished_at__isnull=False).exists():
        return []
    return [
        note(
            _("People of earlier imports: made by an earlier version"),
            _("Where a file had no times, made-up ones are still shown as known and count in medians."),
            "embudo rebuild",
        )
    ]


def _waiting() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _faults(config: Config) -> list[str]:
    if not config.embedded:
        return []
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(5)")
        return [row[0] for row in cursor.fetchall() if row[0] != "ok"]


def log(config: Config) -> list[Finding]:
    """Look whether the log answers, whether any byte of it is damaged, and whether its ledger adds up."""
    if problems := verify_log(config):
        return [bad(_("Log: %(problem)s") % {"problem": each.what}, each.why, each.remedy) for each in problems]
    return [good(_("Log: sound, %(count)d events accepted") % {"count": open_log(config).ledger().accepted})]


def mail(config: Config) -> list[Finding]:
    """Look whether the mail server takes us."""
    from django.conf import settings

    if not config.mail_url:
        return [
            note(
                _("Mail: no mail server is set"),
                _("Forgotten passwords and invitations cannot be mailed."),
                "EMBUDO_MAIL_URL=smtp://user:password@host:587",
            )
        ]
    kind = smtplib.SMTP_SSL if settings.EMAIL_USE_SSL else smtplib.SMTP
    try:
        with kind(settings.EMAIL_HOST, settings.EMAIL_PORT, timeout=10) as server:
            if settings.EMAIL_USE_TLS:
                server.starttls()
            if settings.EMAIL_HOST_USER:
                server.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
            server.noop()
    except (smtplib.SMTPException, OSError) as error:
        return [
            bad(
                _("Mail: %(host)s says: %(error)s") % {"host": settings.EMAIL_HOST, "error": error},
                _("No mail leaves."),
                _("Check EMBUDO_MAIL_URL: host, port, user and password."),
            )
        ]
    return [good(_("Mail: %(host)s takes our mail") % {"host": settings.EMAIL_HOST})]
