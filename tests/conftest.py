"""What every test may ask for: the shape it runs on, and a fresh install of that shape."""

import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from embudo.config import Config
from tests.install import Install, install_of
from tests.postgres import Cluster, running_cluster


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--shape` and `--trials`."""
    parser.addoption(
        "--shape", choices=["embedded", "server"], default="embedded", help="where tables and log tail live"
    )
    parser.addoption("--trials", type=int, default=15, help="how often each crash test kills a process (default 15)")


def pytest_configure(config: pytest.Config) -> None:
    """Give Django's settings a data folder of this run, and on the server shape a database, before it reads them."""
    folder = tempfile.TemporaryDirectory(prefix="embudo-test-")
    config.add_cleanup(folder.cleanup)
    for name in [name for name in os.environ if name.startswith("EMBUDO_")]:
        del os.environ[name]
    os.environ["EMBUDO_DATA"] = folder.name
    os.environ["DJANGO_SETTINGS_MODULE"] = "embudo.settings"
    if config.getoption("--shape") == "server":
        cluster = running_cluster(config)
        os.environ["EMBUDO_DATABASE_URL"] = cluster.url("postgres")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where the cluster of its controller listens."""
    if node.config.getoption("--shape") == "server":
        cluster = running_cluster(node.config)
        node.workerinput["cluster"] = [str(cluster.folder), str(cluster.programs), cluster.port]


@pytest.fixture(scope="session")
def shape(request: pytest.FixtureRequest) -> str:
    """`embedded` (SQLite) or `server` (PostgreSQL)."""
    return str(request.config.getoption("--shape"))


@pytest.fixture(scope="session")
def trials(request: pytest.FixtureRequest) -> int:
    """How often each crash test kills a process."""
    return int(request.config.getoption("--trials"))


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, shape: str) -> Cluster | None:
    """The session's own PostgreSQL cluster on the server shape, else None."""
    return running_cluster(request.config) if shape == "server" else None


@pytest.fixture
def config(tmp_path: Path, cluster: Cluster | None) -> Iterator[Config]:
    """The settings of a fresh, empty install: its own data folder and, on the server shape, its own database."""
    fresh = Config(data=tmp_path / "data", secret_key="only-for-tests")
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
