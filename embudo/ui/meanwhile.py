"""What others changed while somebody had a form open: what was sent neither blanks nor overwrites it.

A form says of each of its fields with which value it was drawn. What its reader left as it was, and what the form did
not hold, stays as it is now. What they changed is kept, unless somebody else has changed it, too: then they read what
it says now, what they wrote still stands in the form, and sending it once more puts it in place.
"""

from collections.abc import Iterator, Mapping
from hashlib import blake2s
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.html import format_html
from django.utils.translation import gettext as _

FIELD = "shown"  # the hidden field that says so


def shown(value: Any) -> str:
    """Return what a form keeps of a value it was drawn with, to tell whether it is still the same."""
    return blake2s(repr(_plain(value)).encode("utf-8", "backslashreplace"), digest_size=6).hexdigest()


def changed_to(now: str) -> str:
    """Say that somebody else changed a value meanwhile, and to what."""
    words = _("Somebody changed this meanwhile. It is now: %(now)s. Save once more to put yours in its place.")
    return words % {"now": now or "—"}


class Meanwhile(forms.BaseForm):
    """A form of something that is there already; its template writes `as_shown` beside the fields."""

    @property
    def as_shown(self) -> str:
        """The hidden field that says with which values the form is drawn."""
        told = ",".join(f"{name}:{shown(self._now(name))}" for name in self._weighed())
        return format_html('<input type="hidden" name="{}" value="{}">', FIELD, told)

    def full_clean(self) -> None:
        """Check the form with what others changed in place of what its reader left alone."""
        clashes = self._merge() if self.is_bound else []
        super().full_clean()
        for name in clashes:
            self.add_error(name, changed_to(in_words(self.fields[name], self._now(name))))

    def _merge(self) -> list[str]:
        """Put what is kept now where nothing was changed; return the fields that somebody else changed, too."""
        before = _read(self.data.get(FIELD, ""))
        data, clashes = _copied(self.data), []
        for name in self._weighed():
            place, widget, now = self.add_prefix(name), self.fields[name].widget, self._now(name)
            sent = shown(widget.value_from_datadict(data, self.files, place))
            left = widget.value_omitted_from_data(data, self.files, place)
            if left or (before and sent == before.get(name, sent)):
                _put(data, place, widget, now)
            elif name in before and shown(now) not in (before[name], sent):
                clashes.append(name)
        self.data = data
        return clashes

    def _weighed(self) -> list[str]:
        return [name for name, field in self.fields.items() if not isinstance(field, forms.FileField)]

    def _now(self, name: str) -> Any:
        """What is kept of a field, as its widget takes it."""
        return self.fields[name].prepare_value(self.get_initial_for_field(self.fields[name], name))


def in_words(field: forms.Field, value: Any) -> str:
    """Return a value of a field as its form says it."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    labels = dict(_labels(getattr(field, "choices", ())))
    each_of = value if isinstance(value, list | tuple) else [value]
    return ", ".join(labels.get(str(each), str(each)) for each in each_of if each not in (None, ""))


def _labels(choices: Any) -> Iterator[tuple[str, str]]:
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from _labels(label)
        else:
            yield str(value), str(label)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple | set):
        return sorted(str(each) for each in value)
    return "" if value is None or value is False else str(value).replace("\r\n", "\n").strip()


def _read(text: str) -> dict[str, str]:
    return {name: digest for name, _colon, digest in (each.partition(":") for each in text.split(",")) if digest}


def _copied(data: Mapping[str, Any]) -> Any:
    if isinstance(data, MultiValueDict):
        return data.copy()
    return MultiValueDict({name: each if isinstance(each, list) else [each] for name, each in data.items()})


def _put(data: Any, place: str, widget: forms.Widget, value: Any) -> None:
    data.pop(place, None)
    if isinstance(widget, forms.CheckboxInput):
        if value:
            data[place] = "on"
    elif getattr(widget, "allow_multiple_selected", False):
        data.setlist(place, [str(each) for each in value or ()])
    else:
        data[place] = "" if value is None else str(value)
