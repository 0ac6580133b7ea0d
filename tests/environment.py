"""What must be settled before any test module is imported: the shape, the database, Django itself.

Subfolders' conftests import models, and pytest reads options only after it has loaded them; so the option is looked
for in the command line, and workers of pytest-xdist inherit what their controller found.
"""

import atexit
import json
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import django
from django.conf import settings

from tests.postgres import Cluster, start_cluster

SHAPES = ("embedded", "server")
_SHAPE, _CLUSTER = "TEST_SHAPE", "TEST_CLUSTER"


def shape_of(arguments: Sequence[str]) -> str:
    """Return the last `--shape` of a command line, else that of the controller, else embedded."""
    given = os.environ.get(_SHAPE, SHAPES[0])
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if word == "--shape":
            given = following
        elif word.startswith("--shape="):
            given = word.removeprefix("--shape=")
    return given


def _cluster() -> Cluster:
    """Return the run's PostgreSQL, started by the first process that needs it and stopped by the same."""
    if given := os.environ.get(_CLUSTER):
        folder, programs, port = json.loads(given)
        return Cluster(Path(folder), Path(programs), port)
    cluster = start_cluster()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a run that is told to end still stops its server
    atexit.register(cluster.stop)
    os.environ[_CLUSTER] = json.dumps([str(cluster.folder), str(cluster.programs), cluster.port])
    return cluster


def _prepare(shape: str, cluster: Cluster | None) -> None:
    for name in [name for name in os.environ if name.startswith("EMBUDO_")]:
        del os.environ[name]
    folder = tempfile.TemporaryDirectory(prefix="embudo-test-")
    atexit.register(folder.cleanup)
    os.environ[_SHAPE] = shape
    os.environ["EMBUDO_DATA"] = folder.name
    os.environ["EMBUDO_DATABASE_URL"] = cluster.url("postgres") if cluster else ""
    os.environ["DJANGO_SETTINGS_MODULE"] = "embudo.settings"
    django.setup()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the real one is slow on purpose


SHAPE = shape_of(sys.argv)
CLUSTER = _cluster() if SHAPE == "server" else None
_prepare(SHAPE, CLUSTER)
