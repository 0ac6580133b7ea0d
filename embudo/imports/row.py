"""What one row of a file says, by the map: who it is about, the facts it states, and what is wrong with it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec
from django.utils.translation import gettext_lazy, pgettext_lazy

from embudo.collector.traits import mail_of
from embudo.core.event import MINUTE, SECOND, Door, subject_of
from embudo.core.funnel import DISCARDED, STAGES
from embudo.core.identity import SOCIAL, identifiers
from embudo.core.money import read_money
from embudo.imports.consents import Answer, answer_of, says_nothing
from embudo.imports.mapping import Cell, FactMap, ImportMap, Time, When
from embudo.imports.reason import Reason, RowFailed
from embudo.imports.values import BadValue
from embudo.imports.words import joined, marked_in, of_column
from embudo.imports.words import marked as _
from embudo.leads.checking import RANGES, within
from embudo.leads.companies import site_domain
from embudo.leads.company_facts import company_identifier
from embudo.leads.entry import NOTE_LENGTH
from embudo.leads.phone import international
from embudo.leads.profile import folded
from embudo.leads.showing import LONGEST
from embudo.leads.showing import BadValue as Refused

NAMES = ("name", "first_name", "last_name")
SEVERAL = " ::: "  # between several values in one cell of Google's export
AHEAD = 5 * MINUTE  # a fact dated later than this from now has not happened
STAGE_SET = "stage_set"
REREAD = frozenset({"number", "money", "date"})  # kinds that cost more to read again than to remember
REMEMBERED = 30_000  # texts of cells
_encode = msgspec.json.Encoder(order="deterministic", enc_hook=str).encode
Cells = Mapping[str, str]
MEANINGS = {
    "open": pgettext_lazy("opportunity", "open"), "won": pgettext_lazy("opportunity", "won"),
    "lost": pgettext_lazy("opportunity", "lost"), "": gettext_lazy("leave out"),
}  # fmt: skip


class Instant(NamedTuple):
    """When something was true and known; `given` tells whether the file said so."""

    at: int
    known_at: int
    given: bool
    known_given: bool
    unknown: bool


@dataclass(slots=True)
class Stated:
    """What a row states: the person by their identifiers, the profile and further facts."""

    number: int
    key: str
    carried: tuple[str, ...]  # identifiers, strongest first
    user_id: str | None
    traits: dict[str, Any]
    context: dict[str, Any]
    when: Instant
    facts: list[tuple[FactMap, int, dict[str, Any], Instant]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    remarks: list[tuple[Reason, str]] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """What would be recorded of the profile, as a hash."""
        when = self.when.at if self.when.given else None
        return hashed([self.carried, self.traits, self.context, when])


class RowReader:
    """Reads rows by one map. `now` is the instant of the run."""

    def __init__(self, map: ImportMap, *, with_profile: bool, now: int, of_companies: bool = False) -> None:
        self.map, self.with_profile, self.of_companies, self.now = map, with_profile, of_companies, now
        self.ranged = [name for name in map.attributes if name in RANGES]
        self._remembered = lru_cache(REMEMBERED)(map.conventions.read)
        self._instant_of = lru_cache(REMEMBERED)(map.conventions.instant)

    def read(self, number: int, cells: Cells) -> Stated:
        """Return what a row states; raises RowFailed, which knows whom the row is about."""
        remarks: list[tuple[Reason, str]] = []
        if self.map.skip and self._applies(self.map.skip, cells):
            raise RowFailed(Reason.DELETED, _("the file marks this row as deleted"))
        if self.of_companies:
            user_id, who, called = None, self._company(cells), ""
            named = company_identifier(who.get("domain", ""), who.get("name", ""))
            carried: tuple[str, ...] = (named,) if named else ()
        else:
            user_id, who, called = self._who(cells, remarks)
            carried = identifiers(door=Door.IMPORT, user_id=user_id, anonymous_id=None, traits=who)
        if not carried:
            columns = ", ".join(cell.column for cell in self.map.who.values() if cell.column)
            raise RowFailed(Reason.NOBODY, _all(remarks) or _("no value in %(columns)s") % {"columns": columns})
        try:
            return self._stated(number, cells, user_id, carried, dict(who), called, remarks)
        except RowFailed as error:
            raise RowFailed(error.reason, error.words, subject_of(carried[0])) from error

    def _stated(
        self, number: int, cells: Cells, user_id: str | None, carried: tuple[str, ...], traits: dict[str, Any],
        called: str, remarks: list[tuple[Reason, str]],
    ) -> Stated:  # fmt: skip
        when = self._instant(cells, self.map.at, self.map.known_at)
        context: dict[str, Any] = {}
        if self.with_profile:
            traits |= dict(self._values(cells, self.map.attributes, remarks))
            self._check_ranges(traits, remarks)
            context = self._touch(cells, remarks)
            if called and not any(traits.get(name) for name in NAMES):
                traits["name"] = called
        stated = Stated(number, self._key(cells, carried), carried, user_id, traits, context, when, remarks=remarks)
        for place, fact in enumerate(self.map.facts, 1):
            if self._applies(fact.when, cells):
                self._add(stated, place, fact, cells)
        stated.answers = list(self._answers(cells, when, remarks))
        self._note_guess(cells, remarks)
        return stated

    def _check_ranges(self, traits: dict[str, Any], remarks: list[tuple[Reason, str]]) -> None:
        """Leave out a number that its attribute cannot have, as the app refuses it."""
        for name in self.ranged:
            try:
                within(name, traits.get(name))
            except Refused as error:
                words = _("%(column)s: “%(value)s” was left out. %(why)s")
                said = {"column": self.map.attributes[name].column or name, "value": traits.pop(name), "why": error}
                remarks.append((Reason.BAD_VALUE, words % said))

    def _note_guess(self, cells: Cells, remarks: list[tuple[Reason, str]]) -> None:
        if self.map.guessed is None or not self.map.guessed.values:
            return
        text = self.map.conventions.present(cells.get(self.map.guessed.column))
        if text in self.map.guessed.values:
            said = self.map.guessed.values[text]
            meaning = (marked_in("opportunity", said) if said else _("leave out")) if said in MEANINGS else said
            words = _("nobody said what the status “%(status)s” means; it was taken as: %(meaning)s")
            remarks.append((Reason.NEW_STATUS, words % {"status": text, "meaning": meaning}))

    def _add(self, stated: Stated, place: int, fact: FactMap, cells: Cells) -> None:
        at = self._instant(cells, fact.at or self.map.at, fact.known_at or self.map.known_at)
        props = dict(self._values(cells, fact.props, stated.remarks, NOTE_LENGTH))
        if fact.kind == STAGE_SET and props.get("stage") not in (*STAGES, DISCARDED):
            words = _("“%(stage)s” is no stage; there are %(stages)s")
            stages = ", ".join((*STAGES, DISCARDED))
            raise RowFailed(Reason.UNKNOWN_STAGE, words % {"stage": props.get("stage", ""), "stages": stages})
        stated.remarks += _unread_money(fact, props, cells)
        stated.facts.append((fact, place, props, at))
        if at.at < stated.when.at and at.given and stated.when.given:
            words = _("%(kind)s is dated before the row itself") % {"kind": fact.kind}
            stated.remarks.append((Reason.BEFORE_FIRST, words))

    def _answers(self, cells: Cells, when: Instant, remarks: list[tuple[Reason, str]]) -> Iterator[Answer]:
        for each in self.map.consents:
            text = self.map.conventions.present(cells.get(each.column))
            if text is None:
                continue
            try:
                row_at = when.at if when.given else None
                answer = answer_of(each, text, self.map.conventions, row_at, self.now)
            except (BadValue, OverflowError) as error:
                remarks.append((Reason.BAD_VALUE, of_column(each.column, error)))
                continue
            if answer is not None:
                yield answer
            elif not says_nothing(each, text):
                words = _("%(column)s: what “%(text)s” means for consent was left open; nothing is recorded of it")
                remarks.append((Reason.NO_ANSWER, words % {"column": each.column, "text": text}))

    # -- who -----------------------------------------------------------------------------------------

    def _who(self, cells: Cells, remarks: list[tuple[Reason, str]]) -> tuple[str | None, dict[str, Any], str]:
        """The id, the identifying attributes, and what somebody is called who is named by nothing else."""
        found: dict[str, Any] = {}
        user_id = lone = None
        for name, cell in self.map.who.items():
            texts = self._texts(cells, cell)
            if not texts:
                continue
            match name:
                case "user_id" if cell.alone:
                    lone = (cell.prefix + texts[0])[:256]
                case "user_id":
                    user_id = (cell.prefix + texts[0])[:256]
                case "mail":
                    _keep(found, "email", _first(mail_of, texts), remarks, Reason.BAD_MAIL, cell.column)
                case "phone":
                    phone = _first(lambda text: international(_plain_phone(text), cell.country), texts)  # noqa: B023
                    _keep(found, "phone", phone, remarks, Reason.BAD_PHONE, cell.column)
                case "company":
                    found["company"] = texts[0][:300]
                case _ if name in SOCIAL:
                    found[name] = texts[0][:300]
        if user_id is not None or found.keys() - {"company"}:
            return user_id, found, ""
        if "company" in found:  # nobody is named but the company: it stands for its people
            return f"company:{folded(found['company'])}"[:256], found, found["company"]
        return lone, found, lone.removeprefix(self.map.who["user_id"].prefix) if lone else ""

    def _company(self, cells: Cells) -> dict[str, Any]:
        """The domain and the name by which a company is known."""
        found: dict[str, Any] = {}
        for name, cell in self.map.who.items():
            text = next(iter(self._texts(cells, cell)), "")
            if name == "domain" and (domain := site_domain(text)):
                found["domain"] = domain
            elif name == "company" and text:
                found["name"] = text[:300]
        return found

    def _key(self, cells: Cells, carried: Sequence[str]) -> str:
        """The key by its columns; a row in which they are empty goes by whom it is about."""
        values = [cells.get(column, "").strip() for column in self.map.key]
        return hashed(values if any(values) else carried)

    # -- when ----------------------------------------------------------------------------------------

    def _instant(self, cells: Cells, time: Time | None, known: Time | None) -> Instant:
        at = self._moment(cells, time)
        known_at = self._moment(cells, known)
        moment = self.now if at is None else at
        if moment > self.now + AHEAD:
            words = _("%(column)s: it is dated later than now")
            raise RowFailed(Reason.FUTURE, words % {"column": time.column if time else ""})
        return Instant(
            at=moment,
            known_at=moment if known_at is None else known_at,
            given=at is not None,
            known_given=known_at is not None or at is None,
            unknown=time is not None and time.unknown,
        )

    def _moment(self, cells: Cells, time: Time | None) -> int | None:
        if time is None:
            return None
        text = self.map.conventions.present(cells.get(time.column))
        if text is None:
            if time.optional:
                return None
            raise RowFailed(Reason.BAD_DATE, _("%(column)s is empty") % {"column": time.column})
        try:
            if time.starts_at is not None:
                return time.starts_at + round(self.map.conventions.number(text) * SECOND)
            return self._instant_of(text, time.formats)
        except (BadValue, OverflowError) as error:
            raise RowFailed(Reason.BAD_DATE, of_column(time.column, error)) from error

    def _applies(self, when: When | None, cells: Cells) -> bool:
        if when is None:
            return True
        text = self.map.conventions.present(cells.get(when.column))
        return text is not None and (when.one_of is None or text in when.one_of)

    # -- what ----------------------------------------------------------------------------------------

    def _values(
        self, cells: Cells, wanted: Mapping[str, Cell], remarks: list[tuple[Reason, str]], longest: int = LONGEST
    ) -> Iterator[tuple[str, Any]]:
        for name, cell in wanted.items():
            if not cell.column:
                yield name, cell.value
                continue
            text = self._present(cells, cell)
            if text is None:
                continue
            try:
                value = self._read(text, cell)
            except BadValue as error:
                remarks.append((Reason.BAD_VALUE, of_column(cell.column, error)))
                continue
            if len(text) > longest and value != (short := _shortened(value, longest)):
                words = _("%(column)s: longer than %(most)s letters; the rest was left out")
                remarks.append((Reason.TOO_LONG, words % {"column": cell.column, "most": longest}))
                value = short
            if value is not None:
                yield name, value

    def _read(self, text: str, cell: Cell) -> Any:
        if cell.kind in REREAD and not cell.values:
            return self._remembered(text, cell.kind)
        return self.map.conventions.read(text, cell.kind, separator=cell.separator, values=cell.values)

    def _touch(self, cells: Cells, remarks: list[tuple[Reason, str]]) -> dict[str, Any]:
        found = {name: str(value) for name, value in self._values(cells, self.map.touch, remarks) if value != ""}
        utm = {name: found[name] for name in ("source", "medium", "campaign") if name in found}
        context: dict[str, Any] = {"utm": utm} if utm else {}
        return context | {name: found[name] for name in ("landing_page", "referrer") if name in found}

    def _present(self, cells: Cells, cell: Cell) -> str | None:
        if not cell.column:
            return None if cell.value is None else str(cell.value)
        text = self.map.conventions.present(cells.get(cell.column))
        if text is None and cell.others:
            others = (self.map.conventions.present(cells.get(column)) for column in cell.others)
            return next((each for each in others if each is not None), None)
        return text

    def _texts(self, cells: Cells, cell: Cell) -> list[str]:
        """All that the columns of an identifier hold, each cell taken apart where it holds several."""
        if not cell.column:
            return [] if cell.value is None else [str(cell.value)]
        found = []
        for column in (cell.column, *cell.others):
            text = self.map.conventions.present(cells.get(column))
            if text is not None:
                found += [each for part in text.split(SEVERAL) if (each := part.strip())] if SEVERAL in text else [text]
        return found


def _unread_money(fact: FactMap, props: Mapping[str, Any], cells: Cells) -> list[tuple[Reason, str]]:
    words = {
        "amount": _("“%(text)s” is not an amount of money"),
        "currency": _("“%(text)s” is no currency; write three letters, such as USD"),
    }
    _read, unusable = read_money(fact.kind, props)
    columns = {name: fact.props[name].column for name in unusable}
    said = {name: words[name] % {"text": cells.get(columns[name], value)} for name, value in unusable.items()}
    return [
        (Reason.BAD_VALUE, of_column(columns[name], said[name]) if columns[name] else said[name]) for name in unusable
    ]


def of_cells(values: Sequence[str], width: int) -> Iterator[tuple[Reason, str]]:
    """Yield what is remarkable about the cells of a row as they stand in the file."""
    if beyond := [text for each in values[width:] if (text := each.strip())]:
        words = _("filled cells beyond the last header, left out: %(count)s; %(texts)s")
        shown = ", ".join(f"“{each[:40]}”" for each in beyond[:3])
        yield Reason.TOO_MANY_COLUMNS, words % {"count": len(beyond), "texts": shown}
    if getattr(values, "cleaned", False):
        yield Reason.CONTROL, _("the line held a character that no text may hold (NUL); it was left out")


def _shortened(value: Any, longest: int) -> Any:
    if isinstance(value, list):
        return [_shortened(each, longest) for each in value]
    return value[:longest].rstrip() if isinstance(value, str) and len(value) > longest else value


def hashed(content: Any) -> str:
    """Return 32 hexadecimal digits that stand for a content."""
    return blake2b(_encode(content), digest_size=16).hexdigest()


def _keep(
    found: dict[str, Any], name: str, value: str | None, remarks: list[tuple[Reason, str]], reason: Reason, column: str
) -> None:
    if value is None:
        words = {Reason.BAD_MAIL: _("%(column)s: no mail address"), Reason.BAD_PHONE: _("%(column)s: no phone number")}
        remarks.append((reason, words[reason] % {"column": column}))
    else:
        found[name] = value


def _first(read: Callable[[str], str | None], texts: Sequence[str]) -> str | None:
    """The first of the texts that can be used."""
    return next((found for text in texts if (found := read(text)) is not None), None)


def _plain_phone(text: str) -> str:
    """Without what exports write before a number: the sign of a text cell, the mark of Meta's downloads."""
    return text.lstrip("'").removeprefix("p:")


def _all(remarks: list[tuple[Reason, str]]) -> str:
    return joined(words for _reason, words in remarks)
