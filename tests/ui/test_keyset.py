"""Paging by key, forth and back, over rows that share values."""

from typing import Any

import pytest
from django.core.exceptions import BadRequest
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embudo.accounts.models import AuditEntry, User
from embudo.ui import keyset

pytestmark = pytest.mark.django_db
ORDER = ("verb", "-about", "id")


def pages(rf: RequestFactory, start: str, follow: str) -> list[list[Any]]:
    found, address = [], start
    while address:
        assert len(found) < 20, "the pages never end"
        page = keyset.page(rf.get(address), AuditEntry.objects.all(), order=ORDER, size=3)
        found.append(page.rows)
        address = getattr(page, follow)
    return found


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), max_size=14))
def test_all_rows_come_once_in_order_forth_and_back(rf: RequestFactory, rows: list[tuple[str, str]]) -> None:
    AuditEntry.objects.all().delete()
    AuditEntry.objects.bulk_create(AuditEntry(verb=verb, about=about) for verb, about in rows)
    forth = pages(rf, "/changes/", "next")
    assert [row for page in forth for row in page] == list(AuditEntry.objects.order_by(*ORDER))
    if len(forth) > 1:
        last = keyset._write(forth[-1][0], ORDER)
        back = pages(rf, f"/changes/?before={last}", "previous")
        assert [row for page in reversed(back) for row in page] == [row for page in forth[:-1] for row in page]


def test_filters_stay_in_the_address_of_the_next_page(rf: RequestFactory) -> None:
    User.objects.bulk_create(User(email=f"{n}@x.example", name="n") for n in range(3))
    page = keyset.page(rf.get("/users/?role=sales&after="), User.objects.all(), order=("email",), size=2)
    assert page.next.startswith("/users/?role=sales&after=") and page.previous == ""


@pytest.mark.parametrize("cursor", ["x", "W10", "bnVsbA", "W1siYSJdXQ", "é", "e30"])
def test_a_damaged_cursor_is_a_bad_request(rf: RequestFactory, cursor: str) -> None:
    with pytest.raises(BadRequest):
        keyset.page(rf.get("/changes/", {"after": cursor}), AuditEntry.objects.all(), order=("-at", "-id"), size=3)
