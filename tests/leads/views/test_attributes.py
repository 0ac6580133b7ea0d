"""What is typed and chosen for an attribute, and how it is taken back."""

import re
from uuid import uuid4

from django.utils import translation

from embudo.core.event import Door
from tests.cast import ada, bruno
from tests.leads.conftest import Following
from tests.leads.views.conftest import SignIn, named, text


def test_an_undo_gives_back_the_very_number_in_every_language(site: Following, sign_in: SignIn) -> None:
    site.hears(ada.visits("/").through(Door.SECRET).says(rating=0.125))
    client = sign_in()
    client.post("/preferences/", {"language": "es"})
    address = f"/people/{named(ada).id}/attributes/rating/"
    with translation.override("en"):
        page = text(client.post(address, {"value": "2", "fact": str(uuid4())}, follow=True)).replace("&amp;", "&")
        assert named(ada).attributes["rating"] == 2
        undo = re.search(r'class="toast-card".*?action="([^"]+)"', page, re.DOTALL)
        assert undo
        client.post(undo[1])
        assert named(ada).attributes["rating"] == 0.125


def test_what_is_no_mail_address_is_refused_with_words(site: Following, sign_in: SignIn) -> None:
    site.hears(ada.visits("/").submits("guide"))
    page = text(
        sign_in().post(f"/people/{named(ada).id}/attributes/email/", {"value": "nonsense", "fact": str(uuid4())})
    )
    assert "Write a mail address" in page
    assert named(ada).mail == ada.mail


def test_the_address_of_somebody_else_joins_nobody_unasked(site: Following, sign_in: SignIn) -> None:
    site.hears(ada.visits("/").submits("guide"))
    site.hears(bruno.visits("/").submits("guide"))
    address = f"/people/{named(ada).id}/attributes/email/"
    page = text(sign_in().post(address, {"value": bruno.mail, "fact": str(uuid4())}))
    assert "has this address" in page
    assert named(ada).id != named(bruno).id
    assert named(ada).merged_into_id is None and named(bruno).merged_into_id is None
