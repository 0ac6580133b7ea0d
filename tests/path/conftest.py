"""What the path tests share."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from embudo.config import Config
from tests.postgres import Cluster


@pytest.fixture(scope="module")
def lasting_config(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster | None) -> Iterator[Config]:
    """The settings of a fresh, empty install that all tests of one module share."""
    fresh = Config(
        data=tmp_path_factory.mktemp("install") / "data", secret_key="only-for-tests-and-never-for-an-install"
    )
    fresh.data.mkdir()
    if cluster is None:
        yield fresh
        return
    name = cluster.new_database()
    yield replace(fresh, database_url=cluster.url(name))
    cluster.drop_database(name)
