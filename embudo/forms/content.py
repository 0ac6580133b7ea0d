"""What a form asks, in which words and in which order: one immutable value, kept as JSON in drafts and versions."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

LANGUAGES = ("en", "es", "pt-br")
MOST_FIELDS = 60
MOST_OPTIONS = 100
LONGEST_LINE, LONGEST_TEXT = 200, 4000

Texts = Mapping[str, str]  # language -> words; plain text, always escaped


class Kind(StrEnum):
    """Where an answer goes."""

    ATTRIBUTE = "attribute"  # states an attribute of the person
    QUESTION = "question"  # a fact of its own, which does not score by itself
    CONSENT = "consent"  # a receipt for a purpose
    HIDDEN = "hidden"  # a parameter of the page's address, which states an attribute
    WORDS = "words"  # asks nothing


class Widget(StrEnum):
    """How it is asked."""

    TEXT = "text"
    LONG = "long"
    EMAIL = "email"
    PHONE = "phone"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    CHOICES = "choices"
    YES_NO = "yes_no"
    SCALE = "scale"  # 0 to 10: would you recommend us


class Means(StrEnum):
    """What sending the form is besides that; a rule may give points for it."""

    NOTHING = ""
    NEWSLETTER = "newsletter_subscribed"
    DEMO = "demo_requested"
    QUOTE = "quote_requested"
    TRIAL = "trial_started"
    EVENT = "event_registered"


class Then(StrEnum):
    """What whoever sent the form gets."""

    WORDS = "words"
    REDIRECT = "redirect"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to choose; `value` is what is kept, the label what is read."""

    value: str
    label: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class When:
    """A field is asked only while the field of this id has one of these values."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `id` is its own for as long as the form lives, so that counts and conditions follow it."""

    id: str
    kind: Kind
    widget: Widget = Widget.TEXT
    name: str = ""  # the attribute, or the purpose's code
    parameter: str = ""  # of a hidden field: what it is called in the page's address
    label: Texts = field(default_factory=dict)
    help: Texts = field(default_factory=dict)
    required: bool = False
    progressive: bool = False  # asked only of browsers that have not answered it
    options: tuple[Option, ...] = ()
    when: When | None = None

    @property
    def asked(self) -> bool:
        """Whether people see something to answer."""
        return self.kind in (Kind.ATTRIBUTE, Kind.QUESTION, Kind.CONSENT)


@dataclass(frozen=True, slots=True)
class Content:
    """All that one version of a form says."""

    language: str = "en"  # in which it was written; stands in where a translation is missing
    languages: tuple[str, ...] = ("en",)
    title: Texts = field(default_factory=dict)
    intro: Texts = field(default_factory=dict)
    button: Texts = field(default_factory=dict)
    fields: tuple[Field, ...] = ()
    at_once: int = 2  # progressive fields shown at a time
    means: Means = Means.NOTHING
    business_mail: bool = False  # refuse addresses anybody gets for free
    confirm: bool = False  # ask by mail whether the address is theirs
    sender: str = ""  # from whom that mail comes
    then: Then = Then.WORDS
    thanks: Texts = field(default_factory=dict)
    redirect: str = ""
    file: int = 0
    last: int = 0  # the number of the last id given to a field

    def field(self, id: str) -> Field | None:
        """Return the field of this id."""
        return next((each for each in self.fields if each.id == id), None)

    def named(self, kind: Kind, name: str) -> Field | None:
        """Return the field that is bound to this attribute or purpose."""
        return next((each for each in self.fields if each.kind is kind and each.name == name), None)

    def added(self, new: Field, *, after: int = 0) -> "Content":
        """Return the content with a field more, at its end, under an id of its own; `after` this number, at least."""
        number = max(self.last, after) + 1
        return replace(self, fields=(*self.fields, replace(new, id=f"f{number}")), last=number)

    def changed(self, new: Field) -> "Content":
        """Return the content with this field in the place of the one of its id; conditions on lost answers go."""
        fields = tuple(new if each.id == new.id else each for each in self.fields)
        return replace(self, fields=_connected(fields))

    def without(self, id: str) -> "Content":
        """Return the content without a field; what depended on it is asked of everybody."""
        return replace(self, fields=_connected(tuple(each for each in self.fields if each.id != id)))

    def ordered(self, ids: list[str]) -> "Content":
        """Return the content with its fields in this order; those not named keep their order behind."""
        rank = {id: place for place, id in enumerate(ids)}
        fields = sorted(self.fields, key=lambda each: rank.get(each.id, len(rank)))
        return replace(self, fields=_connected(tuple(fields)))

    def moved(self, id: str, by: int) -> "Content":
        """Return the content with a field so many places further down."""
        ids = [each.id for each in self.fields]
        place = ids.index(id)
        ids.insert(max(0, min(len(ids) - 1, place + by)), ids.pop(place))
        return self.ordered(ids)

    def as_json(self) -> dict[str, Any]:
        """Return what `read` makes this content of again."""
        return asdict(self)


def _connected(fields: tuple[Field, ...]) -> tuple[Field, ...]:
    """The fields without conditions on what is not asked before them, or not answered so: nothing hangs loose."""
    seen: dict[str, Field] = {}
    kept = []
    for each in fields:
        before = seen.get(each.when.field) if each.when else None
        kept.append(each if each.when is None else replace(each, when=_holding(each.when, before)))
        seen[each.id] = each
    return tuple(kept)


def _holding(when: When, before: Field | None) -> When | None:
    """What of a condition can come true, None when nothing can; an attribute's own choices are not known here."""
    if before is None:
        return None
    match before.widget:
        case Widget.CHOICE | Widget.CHOICES if before.options:
            there = {each.value for each in before.options}
        case Widget.CHOICE | Widget.CHOICES:
            return when
        case Widget.YES_NO:
            there = {"yes", "no"}
        case _:
            there = set()
    values = tuple(each for each in when.values if each in there)
    return replace(when, values=values) if values else None


def lost_conditions(before: Content, after: Content, *, but: str = "") -> int:
    """Return how many answers fields no longer wait for; `but` is the field whose own condition was changed."""
    held = {(each.id, value) for each in after.fields if each.when for value in each.when.values}
    there = {each.id for each in after.fields} - {but}
    return sum(
        (each.id, value) not in held
        for each in before.fields
        if each.when and each.id in there
        for value in each.when.values
    )


def read(kept: Mapping[str, Any]) -> Content:
    """Return the content that JSON holds; what an older edition of Embudo did not know has its default."""
    plain = {name: kept[name] for name in Content.__dataclass_fields__ if name in kept}
    plain["fields"] = tuple(_field(each) for each in plain.get("fields", ()))
    plain["languages"] = tuple(plain.get("languages", ("en",)))
    plain["means"], plain["then"] = Means(plain.get("means", "")), Then(plain.get("then", "words"))
    return Content(**plain)


def _field(kept: Mapping[str, Any]) -> Field:
    plain = {name: kept[name] for name in Field.__dataclass_fields__ if name in kept}
    plain["kind"], plain["widget"] = Kind(plain["kind"]), Widget(plain.get("widget", "text"))
    plain["options"] = tuple(Option(each["value"], each.get("label", {})) for each in plain.get("options", ()))
    when = plain.get("when")
    plain["when"] = When(when["field"], tuple(when["values"])) if when else None
    return Field(**plain)


def said(texts: Texts, language: str, base: str) -> str:
    """Return words in a language, else in the one the form was written in, else in any."""
    return texts.get(language) or texts.get(base) or next((each for each in texts.values() if each), "")


def shown(content: Content, values: Mapping[str, list[str]]) -> Iterator[Field]:
    """Yield the fields that are asked for, given what the others hold: a field behind a closed one is closed too."""
    open_ids: set[str] = set()
    for each in content.fields:
        when = each.when
        if when is None or (when.field in open_ids and not set(when.values).isdisjoint(values.get(when.field, ()))):
            open_ids.add(each.id)
            yield each
