"""Small drawings inside text and tables, as SVG without inline styles: a bar to scale, a trend line."""

from collections.abc import Sequence

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe


def bar(share: float | None, label: str = "", kind: str = "accent") -> SafeString:
    """Return a horizontal bar filled to `share` (0 to 1); `kind` is accent, muted or a stage code."""
    filled = f"{min(max(share or 0.0, 0.0), 1.0) * 100:.2f}%"
    return format_html(
        '<svg class="bar bar-{}" width="100%" height="8" {}><rect class="bar-track" width="100%" height="8" rx="2"/>'
        '<rect class="bar-fill" width="{}" height="8" rx="2"/></svg>',
        kind, _spoken(label), filled,
    )  # fmt: skip


def spark(values: Sequence[float], label: str = "", width: int = 96, height: int = 24) -> SafeString:
    """Return a trend line over equal steps, its last point marked; an empty sequence gives an empty drawing."""
    steps = _line(values, width - 4, height - 4)
    path = " ".join(f"{x + 2:.1f},{y + 2:.1f}" for x, y in steps)
    end_x, end_y = steps[-1] if steps else (-10.0, -10.0)
    return format_html(
        '<svg class="spark" width="{0}" height="{1}" viewBox="0 0 {0} {1}" {2}>'
        '<polyline points="{3}"/><circle cx="{4}" cy="{5}" r="2"/></svg>',
        width, height, _spoken(label), path, f"{end_x + 2:.1f}", f"{end_y + 2:.1f}",
    )  # fmt: skip


def _spoken(label: str) -> SafeString:
    """A drawing with words is an image to those who do not see it; one without is decoration."""
    return format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')


def _line(values: Sequence[float], width: float, height: float) -> list[tuple[float, float]]:
    if not values:
        return []
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = width / max(len(values) - 1, 1)
    return [(index * step, height - (value - low) / span * height) for index, value in enumerate(values)]
