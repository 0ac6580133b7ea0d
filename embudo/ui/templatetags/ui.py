"""The tags and filters of every page: figures, stages, icons, the menu (docs/ui.md shows each)."""

from datetime import datetime
from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest
from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from embudo.ui import drawing, figures
from embudo.ui.navigation import Entry, entries_for
from embudo.ui.stages import stage_of
from embudo.ui.toasts import undo_of

register = template.Library()

register.filter("number", figures.number)
register.filter("signed", figures.signed)
register.filter("points", figures.points)
register.filter("pct", figures.pct)
register.filter("change", figures.change)
register.filter("duration", figures.duration)
register.filter("clock", figures.clock)


@register.filter
def instant(value: int | datetime | None) -> str:
    """A relative time that opens to the exact instant in the reader's zone."""
    if value is None:
        return figures.NONE
    moment = figures.moment_of(value)
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>',
        moment.isoformat(),
        figures.exact(moment),
        figures.relative(moment, timezone.now()),
    )


@register.filter
def exactly(value: int | datetime | None) -> str:
    """The exact instant in the reader's zone, written out."""
    return figures.NONE if value is None else figures.exact(figures.moment_of(value))


@register.filter
def day(value: int | datetime | None) -> str:
    """The date of an instant that opens to the exact instant."""
    if value is None:
        return figures.NONE
    moment = figures.moment_of(value)
    words = figures.day(moment, timezone.now())
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), figures.exact(moment), words)


@register.simple_tag
def stage(code: str, label: str = "") -> SafeString:
    """The badge of a stage: its shape, its colour and always its name."""
    shown = stage_of(code)
    return format_html('<span class="stage stage-{}">{}{}</span>', code, _glyph(shown.shape), label or shown.label)


@register.simple_tag
def stage_glyph(code: str) -> SafeString:
    """Only the shape of a stage, for places where its name stands beside it."""
    return format_html('<span class="stage-{}">{}</span>', code, _glyph(stage_of(code).shape))


@register.filter
def stage_plural(code: str) -> str:
    """The name of a stage for the people in it."""
    return str(stage_of(code).plural)


def _glyph(shape: str) -> SafeString:
    size = 'viewBox="0 0 12 12" width="12" height="12"'
    svg = f'<svg class="stage-glyph" {size} fill="currentColor" aria-hidden="true">{shape}</svg>'
    return mark_safe(svg)  # noqa: S308 - shapes are constants of ui/stages.py


@register.simple_tag
def icon(name: str, size: int = 20) -> SafeString:
    """A line icon of the sprite `ui/icons.svg`; decoration only, words stand beside it or in aria-label."""
    sprite = static("ui/icons.svg")
    return format_html(
        '<svg class="icon" width="{0}" height="{0}" aria-hidden="true"><use href="{1}#{2}"/></svg>', size, sprite, name
    )


register.simple_tag(drawing.bar, name="bar")
register.simple_tag(drawing.spark, name="spark")


@register.simple_tag(takes_context=True)
def navigation(context: dict[str, Any]) -> list[Entry]:
    """The entries of the menu that are built and that this person may see."""
    request: HttpRequest | None = context.get("request")
    return entries_for(request) if request else []


@register.simple_tag(takes_context=True)
def theme(context: dict[str, Any]) -> str:
    """The theme to render: light, dark or auto; the person's choice, else the browser's cookie."""
    request: HttpRequest | None = context.get("request")
    if request is None:
        return "auto"
    chosen = getattr(getattr(request, "user", None), "theme", "") or request.COOKIES.get("theme", "")
    return chosen if chosen in ("light", "dark") else "auto"


@register.simple_tag
def html_language() -> str:
    """The page's language as HTML writes it: pt-BR."""
    first, _, region = (get_language() or "en").partition("-")
    return f"{first}-{region.upper()}" if region else first


@register.filter
def may(user: Any, permission: str) -> bool:
    """Whether a person's role has a permission of accounts/permissions.py."""
    return bool(user.is_authenticated and user.may(permission))


@register.filter
def undo_address(message: Message) -> str:
    """Where a POST takes back what a toast tells of."""
    return undo_of(message)


@register.simple_tag
def page_words() -> dict[str, str]:
    """The words the page's scripts need, in the reader's language."""
    return {
        "now": gettext("just now"),
        "seconds": gettext("%(n)s s ago"),
        "minutes": gettext("%(n)s min ago"),
        "hours": gettext("%(n)s h ago"),
        "copied": gettext("Copied"),
        "search": gettext("Search people: %(text)s"),
        "nothing": gettext("No command of this name."),
        "failed": gettext("That did not work. Nothing was changed; try again."),
        "forbidden": gettext("Your role may not do this."),
        "group": formats.get_format("THOUSAND_SEPARATOR"),
    }


@register.filter
def widget_class(field: Any) -> Any:
    """A bound field rendered with the class its kind of widget has in this design."""
    kind = field.widget_type
    names = {"select": "form-select", "selectmultiple": "form-select", "checkbox": "form-check-input"}
    plain = kind in ("radioselect", "checkboxselectmultiple", "clearablefile")
    known = field.field.widget.attrs.get("class", "")
    classes = f"{known} {'' if plain else names.get(kind, 'form-control')} {'is-invalid' if field.errors else ''}"
    return field.as_widget(attrs={"class": " ".join(classes.split())})
