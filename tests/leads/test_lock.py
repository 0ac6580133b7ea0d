import subprocess
import sys

from embudo.config import Config
from embudo.leads.lock import Lock
from tests.install import install_of

HOLD = """
import django; django.setup()
from django.conf import settings
from embudo.leads.lock import Lock
print(Lock(settings.EMBUDO, "job").take(), flush=True)
input()
"""


def test_one_process_leads_and_the_next_takes_over_when_it_is_killed(config: Config) -> None:
    environ = {**install_of(config).environ, "DJANGO_SETTINGS_MODULE": "embudo.settings"}

    def hold() -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        return subprocess.Popen([sys.executable, "-c", HOLD], env=environ, text=True, **pipes)

    first = hold()
    assert first.stdout is not None
    assert first.stdout.readline() == "True\n"
    second = hold()
    assert second.communicate("\n")[0] == "False\n"
    first.kill()
    first.wait()
    third = hold()
    assert third.communicate("\n")[0] == "True\n"


def test_two_jobs_have_two_locks_and_a_lock_let_go_is_free(config: Config, transactional_db: None) -> None:
    one, other = Lock(config, "follow"), Lock(config, "advance")
    assert one.take()
    assert other.take()
    assert one.take()
    one.release()
    assert Lock(config, "follow").take()
