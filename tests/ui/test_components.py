"""The components of a page: stages, drawings, times, forms, toasts, the menu."""

import re
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.test import Client, RequestFactory
from django.utils import translation

from embudo.core.funnel import DISCARDED
from embudo.core.funnel import STAGES as CORE_STAGES
from embudo.ui import drawing
from embudo.ui.navigation import ENTRIES
from embudo.ui.stages import STAGES, stage_of
from embudo.ui.toasts import as_header, toast, undo_of
from tests.cast import mallory


def drawn(source: str, **values: Any) -> str:
    return Template("{% load ui %}" + source).render(Context(values))


def test_every_stage_of_core_has_a_name_a_shape_and_a_colour() -> None:
    css = Path("embudo/ui/static/ui/app.css").read_text()
    assert [stage.code for stage in STAGES] == [*CORE_STAGES, DISCARDED]
    for stage in STAGES:
        assert css.count(f"--stage-{stage.code}: #") == 2  # light and dark
        assert f".stage-{stage.code} {{" in css
    assert len({stage.shape for stage in STAGES}) == len(STAGES)


def test_a_stage_is_never_told_by_colour_alone() -> None:
    badge = drawn('{% stage "lead" %}')
    assert "<svg" in badge and ">Lead<" in re.sub(r"</svg>", ">", badge)
    with translation.override("es"):
        assert "Prospecto" in drawn('{% stage "prospect" %}')


def test_a_stage_of_the_companys_own_is_drawn_plainly() -> None:
    assert stage_of("trial_user").label == "Trial user"
    assert "Trial user" in drawn('{% stage "trial_user" %}')


def test_labels_given_to_components_are_never_markup() -> None:
    for source in (
        "{% stage name %}",
        '{% stage "lead" name %}',
        "{% bar 0.5 name %}",
        "{% spark values name %}",
        "{% icon name %}",
    ):
        assert "<script>" not in drawn(source, name=mallory.name, values=[1, 2])


@pytest.mark.parametrize(("share", "width"), [(0.42, "42.00%"), (-1, "0.00%"), (7, "100.00%"), (None, "0.00%")])
def test_a_bar_stays_within_its_track(share: float | None, width: str) -> None:
    assert f'width="{width}"' in drawing.bar(share)


def test_a_trend_runs_from_left_to_right_and_high_is_up() -> None:
    points = re.search(r'points="([^"]+)"', drawing.spark([0, 5, 10]))[1].split()
    assert points == ["2.0,22.0", "48.0,12.0", "94.0,2.0"]
    assert "polyline" in drawing.spark([]) and "polyline" in drawing.spark([4])


def test_components_use_no_inline_style() -> None:
    page = drawn(
        '{% stage "lead" %}{% bar 0.5 "half" "lead" %}{% spark values "up" %}{% icon "people" %}{{ 1|instant }}',
        values=[1, 2],
    )
    assert "style=" not in page and "<script" not in page


def test_an_instant_opens_to_the_exact_one() -> None:
    html = drawn("{{ at|instant }}", at=1_780_000_000_000_000)
    assert 'datetime="2026-05-28T20:26:40+00:00"' in html and "20:26:40 UTC" in html
    assert drawn("{{ at|instant }}{{ at|day }}{{ at|exactly }}", at=None) == "———"


class Sample(forms.Form):
    name = forms.CharField(label="Name", help_text="As on the <card>")
    stage = forms.ChoiceField(choices=[("lead", "Lead")])
    agreed = forms.BooleanField(required=False)


def test_a_form_ties_errors_and_help_to_their_field() -> None:
    page = drawn('{% include "ui/_form.html" %}', form=Sample({"name": "", "stage": "lead"}))
    field = re.search(r"<input[^>]*name=\"name\"[^>]*>", page)[0]
    assert 'aria-invalid="true"' in field and "id_name_helptext" in field
    assert 'id="id_name_helptext"' in page and 'for="id_name"' in page
    assert "form-select" in page and "form-check-input" in page


# -- toasts --------------------------------------------------------------------------------------------


@pytest.fixture
def request_(rf: RequestFactory) -> HttpRequest:
    from django.contrib.messages.storage.cookie import CookieStorage

    request = rf.get("/")
    request._messages = CookieStorage(request)  # type: ignore[attr-defined]
    return request


def test_a_toast_remembers_its_undo(request_: HttpRequest) -> None:
    toast(request_, "Done", undo="/undo/1/")
    toast(request_, "Told")
    assert [undo_of(message) for message in get_messages(request_)] == ["/undo/1/", ""]


def test_toasts_travel_in_a_header_that_any_name_survives(request_: HttpRequest) -> None:
    toast(request_, f"Señor {mallory.name}\n", undo="/undo/")
    header = as_header(request_)
    HttpResponse()["HX-Trigger"] = header
    assert header.isascii() and "\n" not in header
    assert as_header(request_) == ""


def test_a_fragment_brings_its_toasts_and_a_redirect_keeps_them(rf: RequestFactory, request_: HttpRequest) -> None:
    from embudo.ui.middleware import toasts

    request_.META["HTTP_HX_REQUEST"] = "true"
    toast(request_, "Done")
    assert not toasts(lambda _: HttpResponse(status=302))(request_).has_header("HX-Trigger")
    assert "Done" in toasts(lambda _: HttpResponse())(request_)["HX-Trigger"]


# -- menu ----------------------------------------------------------------------------------------------


def test_keys_of_the_menu_are_unique() -> None:
    keys = [entry.key for entry in ENTRIES]
    assert len(set(keys)) == len(keys)


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "sees"), [("sales", False), ("admin", True)])
def test_the_menu_holds_what_the_role_may_see(role: str, sees: bool) -> None:
    from embudo.accounts.models import User

    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.create_user("a@norte.example", None, name="Ana", role=role))
    page = client.get("/me/").content.decode()
    assert ('href="/users/"' in page) is sees
    assert ('href="/sites/"' in page) is sees


# -- errors --------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_missing_page_says_what_happened_why_and_what_to_do() -> None:
    answer = Client(headers={"accept-language": "pt-BR"}).get("/nowhere/")
    page = answer.content.decode()
    assert answer.status_code == 404
    for words in ("Esta página não existe", "unido a outro", "Vá para o início"):
        assert words in page


@pytest.mark.parametrize("name", ["400.html", "403.html", "403_csrf.html", "404.html", "500.html"])
def test_error_pages_need_nothing_to_be_drawn(name: str) -> None:
    from django.template.loader import render_to_string

    page = render_to_string(name)
    assert "<h1>" in page and 'href="/"' in page


@pytest.mark.django_db
def test_pages_allow_no_inline_script_or_style(client: Client) -> None:
    answer = client.get("/sign-in/")
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe-inline" not in policy and "unsafe-eval" not in policy
    page = answer.content.decode()
    assert not re.search(r"\sstyle=|\son[a-z]+=", page)
    scripts = re.findall(r"<script([^>]*)>", page)
    assert all("src=" in attributes or "application/json" in attributes for attributes in scripts)
