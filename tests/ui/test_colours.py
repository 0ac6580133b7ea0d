"""The colours, computed: text is readable, edges are visible, stages stay apart for colour-blind readers."""

import re
from itertools import combinations
from pathlib import Path

import pytest

from embudo.ui.stages import FUNNEL

CSS = Path("embudo/ui/static/ui/app.css").read_text()
Colour = tuple[float, float, float]

# Machado, Oliveira, Fernandes (2009), severity 1.0, on linear RGB.
SIGHTS = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def values(theme: str) -> dict[str, str]:
    light, dark = CSS.split('[data-bs-theme="dark"] {')[:2]
    block = light.split(":root {")[1] if theme == "light" else dark.split("}")[0]
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6})\b", block))


def linear(hexadecimal: str) -> Colour:
    digits = hexadecimal.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return red, green, blue


def luminance(colour: str) -> float:
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's contrast ratio."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def lab(colour: Colour) -> Colour:
    red, green, blue = (min(max(part, 0), 1) for part in colour)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    fx, fy, fz = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def seen(colour: str, sight: str) -> Colour:
    red, green, blue = (sum(a * b for a, b in zip(row, linear(colour), strict=True)) for row in SIGHTS[sight])
    return lab((red, green, blue))


def distance(one: Colour, other: Colour) -> float:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) ** 0.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_readable_on_every_ground(theme: str) -> None:
    colour = values(theme)
    for ground in ("paper", "ground", "sunk"):
        for ink in ("ink", "ink-2", "accent-ink"):
            assert contrast(colour[ink], colour[ground]) >= 4.5, (ink, ground)
    assert contrast(colour["ink-3"], colour["paper"]) >= 4.5  # placeholders
    assert contrast(colour["on-accent"], colour["accent"]) >= 4.5
    assert contrast(colour["accent-ink"], colour["accent-soft"]) >= 4.5
    for state in ("good", "warn", "bad"):
        assert contrast(colour[state], colour[f"{state}-soft"]) >= 4.5
        assert contrast(colour[state], colour["paper"]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_edges_of_fields_and_shapes_of_stages_are_visible(theme: str) -> None:
    colour = values(theme)
    assert contrast(colour["edge"], colour["paper"]) >= 3
    assert contrast(colour["accent"], colour["paper"]) >= 3
    for stage in FUNNEL:
        assert contrast(colour[f"stage-{stage.code}"], colour["paper"]) >= 3, stage.code


@pytest.mark.parametrize("sight", list(SIGHTS))
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_stages_stay_apart(theme: str, sight: str) -> None:
    colour = values(theme)
    shades = {stage.code: seen(colour[f"stage-{stage.code}"], sight) for stage in FUNNEL}
    near = {pair: round(distance(shades[pair[0]], shades[pair[1]]), 1) for pair in combinations(shades, 2)}
    assert min(near.values()) >= 12, sorted(near.items(), key=lambda each: each[1])[:4]
