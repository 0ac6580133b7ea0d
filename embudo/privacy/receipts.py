"""What the receipts say: each answer as it is shown, and how many name which edition of a wording."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from embudo.core.consent import CONSENT_GIVEN
from embudo.core.event import Door, Event
from embudo.eventlog import Log
from embudo.leads.sentences import text
from embudo.privacy.consent import ACTS, HOW, Act, Standing
from embudo.privacy.models import Wording

Edition = tuple[int, str]  # version and language
NAMES = dict(settings.LANGUAGES)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One answer as it is shown: yes or no, when, by which act, in which words, and who wrote it down."""

    given: bool
    at: int
    act: str
    how: str
    note: str
    by: str
    form: str
    file: str
    row: Any
    version: Any
    language: str
    words: str  # empty: the words are not known here
    altered: bool  # the words kept under this version are not those the receipt names
    whole: bool  # it answered every purpose at once


def receipts(standing: Standing) -> list[Receipt]:
    """Return the answers to a purpose as they are shown, newest first."""
    kept = {}
    if standing.purpose is not None:
        kept = {(each.version, each.language): each for each in standing.purpose.wordings.all()}
    return [_receipt(given, event, kept) for given, event in standing.answers]


def _receipt(given: bool, event: Event, kept: dict[tuple[Any, Any], Wording]) -> Receipt:
    props = event.props
    version, language = props.get("wording_version"), text(props.get("wording_language"))
    wording = kept.get((version, language)) if isinstance(version, int) else None
    own = text(props.get("wording"))  # the tracker sends the words themselves
    how = text(props.get("how"))
    return Receipt(
        given=given,
        at=event.at,
        act=str(ACTS.get(text(props.get("act"))) or _door(event)),
        how=str(HOW.get(how) or how),
        note=text(props.get("note")),
        by=text(event.context.get("by_name")) if event.door in (Door.APP, Door.IMPORT) else "",
        form=text(props.get("form")),
        file=text(props.get("file")) if event.door is Door.IMPORT else "",
        row=props.get("row") if event.door is Door.IMPORT else None,
        version=version if isinstance(version, int) else "",
        language=NAMES.get(language, language),
        words=wording.text if wording else own,
        altered=bool(wording and wording.hash != props.get("wording_hash")),
        whole=not props.get("purpose"),
    )


def _door(event: Event) -> str:
    return str(ACTS[Act.BROWSER]) if event.door is Door.PUBLIC else _("by a server")


def by_edition(log: Log, purpose: str) -> Mapping[Edition, int]:
    """Return how many receipts of a purpose name each edition of its words; (0, "") are those that name none.

    Reads the facts of this kind in the whole log: seconds for many millions of facts.
    """
    found: Counter[Edition] = Counter()
    for props in log.props_of(CONSENT_GIVEN):
        several = props.get("purposes")
        if props.get("purpose") == purpose:
            version, language = props.get("wording_version"), props.get("wording_language")
            known = isinstance(version, int) and isinstance(language, str)
            found[(version, language) if known else (0, "")] += 1
        elif isinstance(several, Mapping) and several.get(purpose) is True:
            found[(0, "")] += 1
    return found
