"""An erasure takes out whose the showings were; that a form was sent still counts."""

from typing import Any

import pytest
from django.test import Client

from embudo.forms.counts import count
from embudo.forms.models import Form, Showing
from embudo.leads.models import Person
from embudo.privacy import erasing
from tests.forms.conftest import fills_in


@pytest.mark.usefixtures("slow_hands")
def test_nothing_leads_from_a_showing_to_somebody_erased(
    visitor: Client, form: Form, follow: Any, staff: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fills_in(visitor, f_f1="ana@norte.example", f_f2="Ana", f_f3="now")
    follow()
    monkeypatch.setattr(erasing.time, "sleep", lambda seconds: follow())
    erasing.erase_everywhere(Person.objects.get(mail="ana@norte.example").id, by=None, why="she asked")
    row = Showing.objects.get()
    assert (row.subject, row.fact) == (None, "")
    assert count(form, 1).sent == 1
    page = staff().get("/forms/contact/showings/sent/").content.decode()
    assert "erased or expired" in page and "ana@" not in page
