"""What every test may ask for: the shape it runs on, and a fresh install of that shape."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management.commands.flush import Command as Flush
from hypothesis import settings
from playwright.sync_api import Browser

from embudo.config import Config
from tests.chromium import launched
from tests.emptying import empty
from tests.environment import CLUSTER, SHAPE, SHAPES
from tests.install import Install, install_of
from tests.postgres import Cluster

OF_A_SHAPE = {"shape", "cluster", "db", "transactional_db", "live_server"}  # each fixture with tables asks for one

settings.register_profile("embudo", deadline=None)  # a busy machine is no counterexample
settings.load_profile("embudo")
Flush.handle = empty


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--shape` and `--trials`."""
    parser.addoption("--shape", choices=SHAPES, default=SHAPE, help="where tables and log tail live")
    parser.addoption("--trials", type=int, default=15, help="how often each crash test kills a process (default 15)")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out on the server shape what asks for no table and no log: it is the same on both, and has run."""
    if SHAPE == "embedded":
        return
    once = [each for each in items if not _is_of_a_shape(each)]
    config.hook.pytest_deselected(items=once)
    items[:] = [each for each in items if _is_of_a_shape(each)]


def _is_of_a_shape(item: pytest.Item) -> bool:
    asked = OF_A_SHAPE.intersection(getattr(item, "fixturenames", ()))
    return bool(asked) or item.get_closest_marker("django_db") is not None


@pytest.fixture(scope="session")
def shape() -> str:
    """`embedded` (SQLite) or `server` (PostgreSQL)."""
    return SHAPE


@pytest.fixture(scope="session")
def trials(request: pytest.FixtureRequest) -> int:
    """How often each crash test kills a process."""
    return int(request.config.getoption("--trials"))


@pytest.fixture(scope="session")
def cluster() -> Cluster | None:
    """The run's own PostgreSQL cluster on the server shape, else None."""
    return CLUSTER


@pytest.fixture
def config(tmp_path: Path, cluster: Cluster | None) -> Iterator[Config]:
    """The settings of a fresh, empty install: its own data folder and, on the server shape, its own database."""
    fresh = Config(data=tmp_path / "data", secret_key="only-for-tests-and-never-for-an-install")
    fresh.data.mkdir()
    if cluster is None:
        yield fresh
        return
    name = cluster.new_database()
    yield replace(fresh, database_url=cluster.url(name))
    cluster.drop_database(name)


@pytest.fixture
def install(config: Config) -> Install:
    """A fresh install whose commands and processes are real ones."""
    return install_of(config)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A real Chromium, for the tests of one module."""
    with launched() as browser:
        yield browser
