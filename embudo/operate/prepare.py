"""What `embudo up` does before its processes start: tables up to date, sites published, who may set it up told."""

import argparse

from django.conf import settings
from django.core.management import call_command
from django.utils import translation
from django.utils.translation import gettext as _

from embudo.accounts import first_run
from embudo.capture import snapshot


def main(arguments: list[str]) -> int:
    """Bring the tables up to date and print what the operator must know; return an exit code."""
    argparse.ArgumentParser(prog="embudo prepare", description="Make an install, or bring it up to date.").parse_args(
        arguments
    )
    with translation.override(settings.EMBUDO.language):
        call_command("migrate", interactive=False, verbosity=0)
        call_command("clearsessions")
        snapshot.publish(settings.EMBUDO)
        if first_run.needed():
            print(_("There is no user yet. Open this address to become the administrator:"))
            print(first_run.address(settings.EMBUDO))
    return 0
