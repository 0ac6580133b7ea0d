"""An install that was used before keeps its people and its trail when the tables change."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

FIRST, LAST = "0001_users_and_what_they_changed", "0005_the_trail_tells_who_saw_whom"


def at(name: str) -> object:
    """Bring the tables of accounts to a migration and return the models of then."""
    executor = MigrationExecutor(connection)
    executor.migrate([("accounts", name)])
    return executor.loader.project_state([("accounts", name)]).apps


@pytest.mark.django_db(transaction=True)
def test_a_filled_install_is_lifted_and_old_rows_are_found_by_the_lead_they_are_about() -> None:
    try:
        then = at(FIRST)
        user = then.get_model("accounts", "User").objects.create(email="ana@norte.example", name="Ana")  # type: ignore[attr-defined]
        entries = then.get_model("accounts", "AuditEntry").objects  # type: ignore[attr-defined]
        entries.create(by=user, verb="owner_changed", about="Ada", detail={"person": "-77", "before": "", "now": "Ana"})
        entries.create(by=user, verb="site_added", about="shop")
        now = at(LAST)
        kept = now.get_model("accounts", "AuditEntry").objects.order_by("id")  # type: ignore[attr-defined]
        assert [(each.about, each.person, each.seen) for each in kept] == [("Ada", "-77", None), ("shop", "", None)]
        assert kept[0].by.email == "ana@norte.example"
    finally:
        at(LAST)
