"""`embudo manage reset_second_step ADDRESS`: for the only administrator who lost phone, passkey and codes."""

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser

from embudo.accounts.models import User, normal_email


class Command(BaseCommand):
    help = "Take the second step of a person away and end their sessions; it is in the trail as done by the install."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="the mail address they sign in with")

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.filter(email=normal_email(options["email"])).first()
        if person is None:
            raise CommandError("Nobody with this address works here.")
        done = person.reset_second_step(by=None)
        self.stdout.write("Done: they sign in with their password now." if done else "They had no second step.")
