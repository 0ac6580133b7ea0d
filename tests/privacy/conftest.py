"""A site whose log is followed, as the tests of leads' views have it; waiting follows here too."""

from collections.abc import Iterator

import pytest

from embudo.privacy.models import Purpose
from tests.leads.conftest import Following, following, log  # noqa: F401
from tests.leads.views.conftest import sign_in, site  # noqa: F401


@pytest.fixture
def purposes(site: Following) -> Iterator[dict[str, Purpose]]:  # noqa: F811
    """The purposes of a new install by code (tests that own their transactions empty the tables of migrations)."""
    from importlib import import_module

    from django.apps import apps

    if not Purpose.objects.exists():
        import_module("embudo.privacy.migrations.0002_a_new_install_asks_for_three_purposes").ask(apps, None)
    yield {each.code: each for each in Purpose.objects.all()}
