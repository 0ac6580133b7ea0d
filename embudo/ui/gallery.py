"""Every component on one page, for those who build pages (only with EMBUDO_DEBUG)."""

import time
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from embudo.ui.stages import FUNNEL, STAGES
from embudo.ui.toasts import toast

MINUTE = 60_000_000


class Sample(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=_("Name"))
    stage = forms.ChoiceField(label=_("Stage"), choices=[(stage.code, stage.label) for stage in STAGES])
    notes = forms.CharField(label=_("Notes"), widget=forms.Textarea(attrs={"rows": 2}), required=False)
    agreed = forms.BooleanField(label=_("Agreed by both teams"), required=False)


@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    if "toast" in request.GET:
        toast(request, "Ana Ruiz is a prospect now.", undo="/ui/")
    wrong = Sample({"name": "", "stage": "lead"})
    return render(request, "ui/gallery.html", {"form": wrong, "stages": STAGES, "chart": _chart(), **_figures()})


def _figures() -> dict[str, Any]:
    now = time.time_ns() // 1000
    ages = [
        now - 4_000_000,
        now - 42_000_000,
        now - 12 * MINUTE,
        now - 180 * MINUTE,
        now - 1_600 * MINUTE,
        now - 6_000 * MINUTE,
    ]
    ages += [now - 40_000 * MINUTE, now - 700_000 * MINUTE]
    trend = [3, 4, 4, 6, 5, 8, 11, 10, 14]
    return {
        "ages": ages,
        "trend": trend,
        "spans": [9_000_000, 12 * MINUTE, 150 * MINUTE, 576 * MINUTE, 44_640 * MINUTE],
    }


def _chart() -> dict[str, Any]:
    counts = (48_210, 1412, 311, 190, 73, 30, 6)
    bars = [
        {"value": count, "itemStyle": {"color": f"stage:{stage.code}"}}
        for stage, count in zip(FUNNEL, counts, strict=True)
    ]
    return {
        "tooltip": {},
        "xAxis": {"type": "category", "data": [str(stage.plural) for stage in FUNNEL]},
        "yAxis": {"type": "log", "min": 1},
        "series": [
            {"type": "bar", "data": bars, "barMaxWidth": 40, "label": {"show": True, "position": "top", "color": "ink"}}
        ],
    }
