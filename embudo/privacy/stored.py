"""What this install stores, place by place: each table, log, file, cookie and key in a browser, why and for how long.

The lists are complete: a test compares them with the models, the data folder, the cookies and the browser's storage.
A further table, file or cookie needs a line here, or `STORED` in a module `stored` of its own app.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from embudo.config import Config

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Place:
    """One place: what is in it, why, and how long it stays."""

    what: Words
    why: Words
    how_long: Words
    personal: bool = True  # whether it is about the people who are leads here


@dataclass(frozen=True, slots=True)
class Shown:
    """A place with its name and how much is in it now (None: it is elsewhere, or not counted)."""

    name: str
    place: Place
    count: int | None = None
    bytes: int | None = None


DERIVED = _("as long as the facts it is made of")
USER_LONG = _("until somebody here removes it")
FOR_GOOD = _("for good; an erasure takes the names out")
WITH_PERSON = _("until the person is erased")
NO_PERSON = _("for good; it names nobody")

# Tables, by the label of their model.
TABLES: dict[str, Place] = {
    "leads.Person": Place(_("people"), _("the list and the page of each: name, contact, stage, score"), DERIVED),
    "leads.PersonAttribute": Place(_("their attributes"), _("filters of the list"), DERIVED),
    "leads.PersonConsent": Place(_("consents in force"), _("filters of the list"), DERIVED),
    "leads.Opportunity": Place(_("opportunities"), _("to find those of everybody"), DERIVED),
    "leads.Filling": Place(_("tables to be filled after an upgrade"), _("to do it once"), _("until it is done"), False),
    "leads.Identifier": Place(_("mail addresses, phones, browsers"), _("to know who is who"), DERIVED),
    "leads.Merge": Place(_("people joined"), _("so that a join can be undone"), DERIVED),
    "leads.Dispute": Place(_("identifiers that two claim"), _("for a person to decide"), DERIVED),
    "leads.Score": Place(_("kept state of scores"), _("to add a fact without reading all others"), DERIVED),
    "leads.StageChange": Place(_("moves between stages"), _("the funnel and the history of a person"), DERIVED),
    "leads.Passage": Place(_("passages of stages"), _("the numbers of the funnel"), DERIVED),
    "leads.OwnerChange": Place(_("who looks after whom"), _("owners, also after joins"), WITH_PERSON),
    "leads.Tag": Place(_("tags"), _("words to sort people by"), USER_LONG, False),
    "leads.Tagging": Place(_("who has which tag"), _("to sort people"), WITH_PERSON),
    "leads.PersonFile": Place(_("names of attached files"), _("to find and fetch them"), WITH_PERSON),
    "leads.SavedView": Place(_("saved views of the list"), _("filters, order and columns"), USER_LONG, False),
    "leads.PeopleAct": Place(
        _("acts on several people"), _("to undo them; numbers of people only"), _("7 days"), False
    ),
    "leads.Company": Place(_("companies"), _("employers of the people"), DERIVED),
    "leads.CompanyMerge": Place(_("companies joined"), _("so that a join can be undone"), DERIVED),
    "leads.FreeMail": Place(
        _("mail domains that are no companies"), _("to know who works at a company"), USER_LONG, False
    ),
    "leads.PassageDay": Place(_("passages by day"), _("sums of the funnel"), NO_PERSON, False),
    "leads.SourceDay": Place(_("new leads by source and day"), _("sums of the funnel"), NO_PERSON, False),
    "leads.MoveDay": Place(_("moves by day"), _("sums of the funnel"), NO_PERSON, False),
    "leads.Attribute": Place(_("kinds of attributes"), _("what can be known of a person"), USER_LONG, False),
    "leads.FollowCursor": Place(_("how far the log is read"), _("to go on from there"), NO_PERSON, False),
    "leads.EngagementSnapshot": Place(_("passes over the list"), _("the order by engagement"), NO_PERSON, False),
    "leads.Rebuild": Place(_("rebuilds"), _("how far one is"), NO_PERSON, False),
    "leads.ImportRun": Place(_("imports"), _("what came in when, from which file"), FOR_GOOD, False),
    "leads.ImportRow": Place(_("rows of imports"), _("what became of each row"), FOR_GOOD),
    "leads.ImportBegun": Place(
        _("rows that an import is about to record"), _("to go on from there"), _("until they are recorded")
    ),
    "leads.ImportKey": Place(_("rows seen before, as hashes"), _("so that an import can be repeated"), FOR_GOOD),
    "duplicates.Pair": Place(
        _("pairs of people or companies that may be one"), _("to join them or tell them apart"), WITH_PERSON
    ),
    "privacy.Purpose": Place(_("purposes"), _("what people are asked to agree to"), USER_LONG, False),
    "privacy.Wording": Place(_("wordings"), _("the words that receipts name"), NO_PERSON, False),
    "capture.Site": Place(_("sites"), _("where facts come from"), USER_LONG, False),
    "capture.WriteKey": Place(_("write keys, secret ones as hashes"), _("who may send facts"), USER_LONG, False),
    "definition.DefinitionVersion": Place(
        _("definitions of a lead"), _("what scores and stages rest on"), NO_PERSON, False
    ),
    "accounts.User": Place(_("users of this install"), _("who may sign in; passwords as hashes"), USER_LONG, False),
    "accounts.AuditEntry": Place(_("the trail of changes"), _("who changed or took out what"), FOR_GOOD),
    "accounts.SignInFailure": Place(
        _("failed sign-ins, as keyed hashes"), _("to slow guessing down"), _("a day"), False
    ),
    "accounts.Invitation": Place(_("invitations"), _("who may make an account"), USER_LONG, False),
    "accounts.UserSession": Place(
        _("where users are signed in"), _("to see it and end it"), _("as the session"), False
    ),
    "accounts.SecondStepRule": Place(_("roles that need a second step"), _("a setting"), USER_LONG, False),
    "mfa.Authenticator": Place(
        _("second steps, secrets encrypted"), _("users: a code or a passkey at sign-in"), USER_LONG, False
    ),
    "socialaccount.SocialAccount": Place(_("users' accounts at a provider"), _("to sign in by it"), USER_LONG, False),
    "socialaccount.SocialApp": Place(
        _("providers, unused: settings say them"), _("django-allauth's own"), NO_PERSON, False
    ),
    "socialaccount.SocialToken": Place(_("tokens of providers, unused"), _("django-allauth's own"), NO_PERSON, False),
    "account.EmailAddress": Place(_("users' addresses, unused"), _("django-allauth's own"), NO_PERSON, False),
    "account.EmailConfirmation": Place(_("confirmations, unused"), _("django-allauth's own"), NO_PERSON, False),
    "work.Job": Place(_("long work"), _("its progress and result"), FOR_GOOD, False),
    "sessions.Session": Place(_("sessions"), _("to stay signed in"), _("two weeks after the last sign-in"), False),
    "contenttypes.ContentType": Place(_("names of tables"), _("Django's own"), NO_PERSON, False),
    "auth.Permission": Place(_("Django's permissions, unused"), _("Django's own"), NO_PERSON, False),
    "auth.Group": Place(_("Django's groups, unused"), _("Django's own"), NO_PERSON, False),
}
TABLES_BESIDE = {
    "person_search": Place(_("words of people"), _("to find people by what is typed"), DERIVED),
    "eventlog_*": Place(
        _("the log's newest facts, failed events, counts"),
        _("the record of what happened"),
        _("facts: as settled on “How long”; bodies of failed events: 90 days"),
    ),
}

_LOG_LONG = _("as settled on the page “How long”; without a setting for good")
# Files of the data folder, by the beginning of their path in it.
FILES: dict[str, Place] = {
    "tables.sqlite3": Place(
        _("all tables above, in one file"), _("on PostgreSQL they are there instead"), _("as each table")
    ),
    "log/tail.sqlite": Place(
        _("the log's newest facts, failed events, counts"), _("the record of what happened"), _LOG_LONG
    ),
    "log/segments/": Place(
        _("the log's older facts, and an index of whose they are"), _("the record of what happened"), _LOG_LONG
    ),
    "log/manifest.json": Place(_("list of segments"), _("to know that none is missing"), NO_PERSON, False),
    "log/aside/": Place(
        _("segments that no list knows, set aside"), _("so that nothing is lost"), _("until the operator decides")
    ),
    "erased/unscrubbed": Place(
        _("a mark that bytes are still to be overwritten"), _("the next retention does it"), _("a day"), False
    ),
    "log/expired.subjects": Place(
        _("whose facts are leaving, as numbers"), _("to compute these people again"), _("minutes")
    ),
    "erased/tombstones": Place(
        _("who was erased, as keyed hashes"), _("so that nothing of them comes in again"), _("for good")
    ),
    "erased/key": Place(_("the key of these hashes"), _("without it they tell nothing"), _("for good"), False),
    "erased/evidence.jsonl": Place(
        _("evidence of erasures"), _("to show that they were done; no identifier"), _("for good"), False
    ),
    "files/": Place(_("files attached to people"), _("documents of a person"), WITH_PERSON),
    "work/": Place(_("files of long work, such as an upload"), _("to import or hand out"), _("7 days after it ended")),
    "running/": Place(_("signs of life of the processes"), _("to see what runs"), _("while they run"), False),
    "salts.json": Place(_("salts of cookieless visitors"), _("to count a visitor once a day"), _("48 hours"), False),
    "sites.json": Place(_("sites and keys for the collector"), _("to check who sends"), USER_LONG, False),
    "retention.json": Place(_("how long facts stay"), _("read by who lets them go"), USER_LONG, False),
    "secret_key": Place(_("the secret of this install"), _("signs sessions and links"), _("for good"), False),
    "first_run_token": Place(
        _("the token of the first start"), _("makes the first user"), _("until it is used"), False
    ),
    "demo.json": Place(_("a note on the demo company"), _("what made the data"), _("for good"), False),
    "retained": Place(_("an empty file"), _("its time: when old facts last left"), _("for good"), False),
    "*.lock": Place(_("empty lock files"), _("one process at a time"), _("for good"), False),
}

_YEAR = _("a year")
# Cookies, by name. Visitors of your pages and hosted pages get none.
COOKIES: dict[str, Place] = {
    "sessionid": Place(_("a random key of the session"), _("users: to stay signed in"), _("two weeks"), False),
    "csrftoken": Place(_("a random key"), _("users: proves that a form came from here"), _YEAR, False),
    "django_language": Place(_("a language"), _("users: the language they chose"), _YEAR, False),
    "theme": Place(_("light or dark"), _("users: the look they chose"), _YEAR, False),
    "zone": Place(_("a time zone"), _("users: shows times as theirs"), _YEAR, False),
}

# What pages of this install keep in the session storage of a user's browser.
KEYS: dict[str, Place] = {
    "htmx-current-path-for-history": Place(
        _("the address of the page"), _("users: the back button"), _("while the tab is open"), False
    ),
}

_ASKED = _(
    "until the visitor refuses or empties the browser; with “consent required” only after consent, cookieless never"
)
# What the tracker keeps in the local storage of a visitor's browser, on the domain of your pages.
BROWSER: dict[str, Place] = {
    "embudo_id": Place(_("a random id of the browser"), _("visits of one browser belong together"), _ASKED),
    "embudo_user": Place(_("the id your page gave"), _("visits after signing in to your page"), _ASKED),
    "embudo_queue": Place(_("messages not yet sent"), _("so that none is lost"), _ASKED),
    "embudo_consent": Place(
        _("“given” or “refused”"),
        _("so that nobody is asked twice"),
        _("until the browser is emptied; cookieless never"),
    ),
}


def tables() -> dict[str, Place]:
    """Return the places of all tables, those that apps describe themselves included."""
    return {**TABLES, **_of_apps("TABLES")}


def _of_apps(name: str) -> dict[str, Place]:
    """What apps above this one say in a module `stored` of their own."""
    found: dict[str, Place] = {}
    for app in apps.get_app_configs():
        if app.name.startswith("embudo.") and app.label != "privacy" and find_spec(f"{app.name}.stored"):
            found |= getattr(import_module(f"{app.name}.stored"), name, {})
    return found


def groups(config: Config) -> list[tuple[Words, list[Shown]]]:
    """Return every place by kind of place, with how much is in it now."""
    files = {**FILES, **_of_apps("FILES")}
    return [
        (_("Tables"), [*_rows(tables()), *(Shown(name, place) for name, place in TABLES_BESIDE.items())]),
        (_("Files in the data folder"), [_file(config.data, name, place) for name, place in files.items()]),
        (_("Cookies and keys, only of those who work here"), _named({**COOKIES, **KEYS, **_of_apps("COOKIES")})),
        (_("In the browsers of visitors"), _named({**BROWSER, **_of_apps("BROWSER")})),
    ]


def _named(places: Mapping[str, Place]) -> list[Shown]:
    return [Shown(name, place) for name, place in places.items()]


def _rows(places: Mapping[str, Place]) -> list[Shown]:
    counted = []
    for label, place in places.items():
        model: Any = apps.get_model(label)
        counted.append(Shown(model._meta.db_table, place, model.objects.count()))
    return sorted(counted, key=lambda shown: (not shown.place.personal, -(shown.count or 0)))


def _file(folder: Path, name: str, place: Place) -> Shown:
    there = [path for path in folder.rglob(name) if path.is_file()] if "*" in name else files_of(folder, name)
    return Shown(name, place, len(there), sum(path.stat().st_size for path in there))


def files_of(folder: Path, name: str) -> list[Path]:
    """Return the files of the data folder whose path begins like this."""
    top, _slash, rest = name.rpartition("/")
    base = folder / top if top else folder
    if not base.is_dir():
        return []
    found = base.rglob("*") if not rest else base.glob(f"{rest}*")
    return [path for path in found if path.is_file() and not path.name.endswith(".lock")]
