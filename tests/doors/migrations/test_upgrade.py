"""An install that was used before keeps its webhooks and what it answered, whose secrets lie sealed from then on."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from embudo.doors.models import Answer, Delivery, Endpoint
from embudo.leads import sql

BEFORE = ("doors", "0001_api_keys_and_webhooks")


def migrated(*targets: tuple[str, str]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(list(targets) or executor.loader.graph.leaf_nodes())
    return MigrationExecutor(connection).loader.project_state(list(targets)).apps if targets else None


@pytest.fixture
def earlier(transactional_db: None, settings: Any) -> Any:
    """The tables as they were, with two webhooks and a kept answer; today's again at the end."""
    here = replace(settings.EMBUDO, secret_key=settings.SECRET_KEY)
    settings.EMBUDO = here
    then = migrated(BEFORE)
    user = then.get_model("accounts", "User").objects.create(email="ana@norte.example", name="Ana")
    hooks = then.get_model("doors", "Endpoint").objects
    hooks.create(name="CRM", url="https://a.example/", secret="whsec_new", old_secret="whsec_old", since_at=0)
    hooks.create(name="Gone", url="https://b.example/", secret="whsec_gone", since_at=0)
    key = then.get_model("doors", "ApiKey").objects.create(name="k", sha256="x", hint="x", maker=user)
    then.get_model("doors", "Answer").objects.create(key=key, text="w", request="r", status=201, body='{"secret": "s"}')
    yield then
    settings.EMBUDO = here
    migrated()


def kept() -> str:
    return str(sql.rows("SELECT secret, old_secret FROM doors_endpoint") + sql.rows("SELECT body FROM doors_answer"))


def test_secrets_of_before_are_sealed_and_read_as_they_were(earlier: Any) -> None:
    assert "whsec_new" in kept()
    migrated()
    assert "whsec" not in kept() and "secret" not in kept()
    found = {each.name: (each.secret, each.old_secret) for each in Endpoint.objects.all()}
    assert found == {"CRM": ("whsec_new", "whsec_old"), "Gone": ("whsec_gone", "")}
    assert Answer.objects.get().body == '{"secret": "s"}'
    migrated(BEFORE)
    assert "whsec_old" in kept()


def test_what_webhooks_were_told_stays_with_whom_it_was_told_of(earlier: Any) -> None:
    hook = earlier.get_model("doors", "Endpoint").objects.first()
    then = earlier.get_model("doors", "Delivery").objects
    then.create(endpoint=hook, key="a", message="m", kind="stage_changed", person=7, body="told")
    then.create(endpoint=hook, key="b", message="m", kind="stage_changed", person=None, state="erased")
    migrated()
    told, erased = Delivery.objects.order_by("key")
    assert (told.subject, told.body, told.ended_at) == (7, "told", None)
    assert (erased.subject, erased.ended_at) == (None, erased.created_at)


def test_without_the_installs_key_nothing_is_sealed(earlier: Any, settings: Any, tmp_path: Any) -> None:
    """A key of this process alone would make them unreadable for good."""
    settings.EMBUDO = replace(settings.EMBUDO, secret_key="", data=tmp_path)
    with pytest.raises(RuntimeError, match="EMBUDO_SECRET_KEY"):
        migrated()
    assert "whsec_new" in kept()
