"""A site whose log is followed, and people of each role who are signed in to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from embudo.accounts.models import User
from embudo.leads import record
from embudo.leads.models import Person
from embudo.leads.views import applying
from tests.cast import Someone
from tests.leads.conftest import Following

SignIn = Callable[..., Client]


@pytest.fixture
def site(following: Following, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Following]:
    """The site reads and writes the log of `following`; the tables follow as soon as somebody waits for them."""
    settings.EMBUDO = following.config
    waits = record.wait_until_followed

    def follow_and_wait(receipt: Any) -> bool:
        following.follower.catch_up()
        return waits(receipt)

    monkeypatch.setattr(applying, "wait_until_followed", follow_and_wait)
    yield following
    record.the_log().close()


@pytest.fixture
def sign_in(site: Following) -> SignIn:
    """A browser in which somebody of a role is signed in."""

    def signed_in(role: str = "manager", **options: Any) -> Client:
        client = Client(headers={"accept-language": "en"}, **options)
        email = f"{role}@norte.example"
        user = User.objects.filter(email=email).first() or User.objects.create_user(
            email, "a long password", name=role, role=role
        )
        client.force_login(user)
        return client

    return signed_in


def named(who: Someone) -> Person:
    """The person known by this mail address."""
    return Person.objects.get(mail=who.mail, merged_into=None)


def text(response: Any) -> str:
    """What a page holds, with plain spaces."""
    return str(response.content.decode()).replace("\N{NO-BREAK SPACE}", " ")
