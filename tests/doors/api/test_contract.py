"""The OpenAPI document keeps its word: random requests, valid and not, find no error of ours and no other shape."""

import time
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from embudo.core.event import HOUR
from embudo.doors.api.build import api
from embudo.doors.models import Endpoint
from embudo.wsgi import application
from tests.cast import ada, bruno
from tests.doors.conftest import Holding, user_of
from tests.leads.conftest import Following

SCHEMA = schemathesis.openapi.from_dict(api().get_openapi_schema(path_prefix="/api/v1"))
SCHEMA.app = application
OPERATIONS = {operation.ok().label: operation.ok() for operation in SCHEMA.get_all_operations()}
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance,
    response_headers_conformance,
]  # fmt: skip
MODES = list(schemathesis.GenerationMode)
QUIET = settings(
    max_examples=20, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture
def there(site: Following) -> dict[str, str]:
    """What stands for real things in addresses."""
    at = time.time_ns() // 1000 - HOUR
    site.hears(*(who.journey(at).visits("/pricing").says(**who.traits) for who in (ada, bruno)))
    hook = Endpoint.open(name="h", url="https://hooks.example/", kinds=["stage_changed"], by=user_of("admin"))
    person = site.person(ada)
    return {"person": str(person.id), "company": str(person.company_id), "webhook": str(hook.pk), "opportunity": "none"}


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("label", list(OPERATIONS))
def test_no_request_finds_an_error_of_ours_or_another_shape(
    there: dict[str, str], software: Holding, label: str, mode: Any
) -> None:
    operation = OPERATIONS[label]
    named = {each.name for each in operation.path_parameters}
    headers = {"Authorization": f"Bearer {software().text}"}
    chosen = {name: there[name] for name in named}

    def probes(strategy: Any) -> None:
        @QUIET
        @given(case=strategy)
        def probe(case: Any) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        probe()

    if chosen:
        probes(operation.as_strategy(mode, path_parameters=chosen))
    probes(operation.as_strategy(mode))


def test_every_operation_is_probed() -> None:
    assert len(OPERATIONS) == sum(map(len, api().get_openapi_schema(path_prefix="/api/v1")["paths"].values()))
