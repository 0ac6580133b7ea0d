"""A form read in part, or long ago, and sent whole: it neither blanks nor overwrites what it did not show.

Each screen that changes what is there already is opened twice; whoever saves last has only changed what they changed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from embudo.accounts.models import SecondStepRule, User
from embudo.capture.models import Site
from embudo.doors.models import Endpoint
from embudo.forms.models import Form
from embudo.leads import expiry
from embudo.leads.models import Company, Person
from embudo.privacy.models import Purpose, Wording
from tests.attacks.conftest import House
from tests.attacks.filling import Sheet, sheet_with, sheets
from tests.doors.conftest import user_of

MEANWHILE = "Somebody changed this meanwhile"


@dataclass(frozen=True)
class Screen:
    """A page with a form: two of its fields, what is written there, and what the tables hold of each."""

    path: str
    one: str
    other: str
    written: tuple[Any, Any, Any]  # of `one`: by a colleague, by the reader; of `other`: by the reader
    kept: Callable[[], tuple[Any, Any]]
    as_kept: Callable[[Any], Any] = staticmethod(lambda written: written)  # type: ignore[assignment]


def _site() -> tuple[Any, Any]:
    found = Site.objects.get()
    return found.name, ", ".join(found.domains)


def _purpose() -> tuple[Any, Any]:
    purpose = Purpose.objects.get(code="calls")
    words = Wording.objects.filter(purpose=purpose, version=purpose.version)
    return words.get(language="en").text, purpose.label


def _hook() -> tuple[Any, Any]:
    found = Endpoint.objects.get()
    return found.name, sorted(found.kinds)


def _whole() -> tuple[Any, Any]:
    draft = Form.objects.get().draft
    return draft.title["en"], draft.thanks.get("en", "")


def _field() -> tuple[Any, Any]:
    field = Form.objects.get().draft.field("f3")
    assert field is not None
    return field.label["en"], field.required


def _profile() -> tuple[Any, Any]:
    found = User.objects.get(email="admin@norte.example")
    return found.name, found.theme


def screens(house: House) -> dict[str, Screen]:
    """Every screen with a form of several fields on something that is there."""
    values = house.values
    colleague = values["accounts pk"]
    return {
        "site": Screen(
            f"/sites/{values['public_id']}/settings/", "name", "domains", ("Theirs", "Mine", "my.example"), _site
        ),
        "user": Screen(
            f"/users/{colleague}/", "name", "role", ("Theirs", "Mine", "manager"),
            lambda: User.objects.values_list("name", "role").get(pk=colleague),
        ),
        "own profile": Screen("/me/", "name", "theme", ("Theirs", "Mine", "dark"), _profile),
        "purpose": Screen("/privacy/purposes/calls/", "text_en", "label", ("Theirs", "Mine", "Ringing"), _purpose),
        "webhook": Screen(
            f"/webhooks/{values['webhook']}/settings/", "name", "kinds", ("Theirs", "Mine", ["person_merged"]), _hook
        ),
        "form as a whole": Screen("/forms/contact/whole/", "title.en", "thanks.en", ("Theirs", "Mine", "Bye"), _whole),
        "field of a form": Screen(
            "/forms/contact/build/?field=f3", "label.en", "required", ("Theirs", "Mine", "on"), _field,
            lambda written: written == "on",
        ),
    }  # fmt: skip


NAMES = ("site", "user", "own profile", "purpose", "webhook", "form as a whole", "field of a form")


@pytest.fixture(autouse=True)
def known_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """The webhook's name is known, and public."""
    from embudo.doors import outbound

    monkeypatch.setattr(outbound, "checked", lambda *_given, **_more: ["203.0.114.7"])


@pytest.fixture
def screen(house: House, request: pytest.FixtureRequest) -> Screen:
    return screens(house)[request.param]


def _of(house: House, screen: Screen) -> Sheet:
    return sheet_with(house.browser("admin"), screen.path, screen.one, "shown")


@pytest.mark.parametrize("screen", NAMES, indirect=True)
def test_what_a_colleague_changed_meanwhile_stays(house: House, screen: Screen) -> None:
    theirs, mine, other = screen.written
    client, old = house.browser("admin"), _of(house, screen)
    assert _of(house, screen).send(client, **{screen.one: theirs}).status_code == 302
    assert old.send(client, **{screen.other: other}).status_code == 302
    assert screen.kept() == (theirs, screen.as_kept(other))
    assert old.send(client).status_code == 302, "sent as it stood"
    assert screen.kept() == (theirs, screen.as_kept(other))
    assert mine not in screen.kept()


@pytest.mark.parametrize("screen", NAMES, indirect=True)
def test_what_both_changed_is_told_and_both_stand_there(house: House, screen: Screen) -> None:
    theirs, mine, _other = screen.written
    client, old = house.browser("admin"), _of(house, screen)
    _of(house, screen).send(client, **{screen.one: theirs})
    answer = old.send(client, **{screen.one: mine})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f"{MEANWHILE}. It is now: {theirs}." in page
    assert screen.kept()[0] == theirs
    again = next(each for each in sheets(page, screen.path) if {screen.one, "shown"} <= each.values.keys())
    assert again.values[screen.one] == [mine], "what was written still stands there"
    assert again.send(client).status_code == 302, "and knowing it, one may"
    assert screen.kept()[0] == mine


@pytest.mark.parametrize("screen", NAMES, indirect=True)
@pytest.mark.parametrize("said", [True, False], ids=["drawn by us", "by hand"])
def test_a_form_that_holds_a_part_blanks_nothing(house: House, screen: Screen, said: bool) -> None:
    client, before = house.browser("admin"), screen.kept()
    part = _of(house, screen).without(screen.one, *([] if said else ["shown"]))
    assert part.send(client).status_code == 302
    assert screen.kept() == before
    assert client.post(screen.path, {"shown": "" if said else "nonsense:x,"}).status_code in (302, 422)
    assert screen.kept()[0] == before[0]


def test_of_a_form_two_hands_change_two_fields(house: House) -> None:
    client = house.browser("admin")
    two, three = (
        sheet_with(client, f"/forms/contact/build/?field={each}", "label.en", "shown") for each in ("f2", "f3")
    )
    two.send(client, **{"label.en": "First"})
    three.send(client, **{"label.en": "When, please?"})
    fields = {each.id: each.label.get("en") for each in Form.objects.get().draft.fields}
    assert (fields["f2"], fields["f3"]) == ("First", "When, please?")


def test_an_undo_of_long_ago_takes_back_nobody_elses_change(house: House) -> None:
    client, form = house.browser("admin"), Form.objects.get()
    sheet_with(client, "/forms/contact/build/?field=f2", "label.en").send(client, **{"label.en": "Mine"})
    page = client.get("/forms/contact/build/").content.decode()
    undos = [each for each in sheets(page, "/") if "/undo/" in each.action]
    assert len(undos) == 2  # of the toast, and above the fields
    sheet_with(client, "/forms/contact/build/?field=f3", "label.en").send(client, **{"label.en": "Theirs"})
    for each in undos:
        each.send(client)
        form.refresh_from_db()
        field = form.draft.field("f3")
        assert field is not None and field.label["en"] == "Theirs"
    assert "Somebody changed the form meanwhile" in client.get("/forms/contact/build/").content.decode()


def test_words_of_a_language_that_is_put_away_come_back_with_it(house: House) -> None:
    client = house.browser("admin")
    whole = sheet_with(client, "/forms/contact/whole/", "title.en", "shown")
    whole.send(client, languages=["en", "es"])
    path = "/forms/contact/build/?field=f3"
    sheet_with(client, path, "label.es").send(client, **{"label.es": "¿Cuándo?", "options.es": "Ahora"})
    sheet_with(client, "/forms/contact/whole/", "title.en", "shown").send(client, languages=["en"])
    sheet_with(client, path, "label.en", "shown").send(client, **{"label.en": "When then?"})
    field = Form.objects.get().draft.field("f3")
    assert field is not None
    assert field.label == {"en": "When then?", "es": "¿Cuándo?"}
    assert field.options[0].label == {"en": "Now", "es": "Ahora"}


def test_who_saves_their_own_profile_does_not_undo_what_was_decided_about_them(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody is deactivated between the moment their request began and the one it saves."""
    client, mine = house.browser("sales"), user_of("sales")
    valid = User.full_clean

    def meanwhile(self: User, *given: Any, **more: Any) -> None:
        User.objects.filter(pk=mine.pk).update(is_active=False, role="marketing")
        valid(self, *given, **more)

    monkeypatch.setattr(User, "full_clean", meanwhile)
    client.post("/me/", {"name": "Sales", "theme": "dark", "language": "", "time_zone": ""})
    mine.refresh_from_db()
    assert (mine.theme, mine.is_active, mine.role) == ("dark", False, "marketing")


def test_rules_of_the_second_step_keep_the_role_that_a_colleague_added(house: House) -> None:
    client = house.browser("admin")
    old = sheet_with(client, "/users/", "shown")
    sheet_with(client, "/users/", "shown").send(client, roles=["marketing"])
    old.send(client)
    assert set(SecondStepRule.objects.values_list("role", flat=True)) == {"marketing"}
    told = old.send(client, roles=["sales"])
    assert set(SecondStepRule.objects.values_list("role", flat=True)) == {"marketing"}
    assert told.status_code == 422 and MEANWHILE in told.content.decode()


@pytest.mark.parametrize("what", ["person", "company"])
def test_an_owner_whom_somebody_chose_meanwhile_stays(house: House, what: str) -> None:
    client, luis, ana = house.browser("admin"), user_of("sales"), user_of("manager")
    key = house.values["other" if what == "person" else "company"]
    path = f"/people/{key}/" if what == "person" else f"/companies/{key}/"
    model: Any = Person if what == "person" else Company

    def owner() -> Any:
        return model.objects.get(pk=key).owner

    old = sheet_with(client, path, "owner", "before")
    sheet_with(client, path, "owner", "before").send(client, owner=luis.pk)
    old.send(client)
    assert owner() == luis, "sent as it stood"
    old.send(client, owner=ana.pk)
    assert owner() == luis
    page = client.get(path).content.decode()
    assert "belongs to Sales meanwhile; nothing was changed." in page
    fresh = sheet_with(client, path, "owner", "before")
    fresh.send(client, owner=ana.pk)
    assert owner() == ana
    undo = next(each for each in sheets(client.get(path).content.decode(), path) if "owner=" in each.action)
    sheet_with(client, path, "owner", "before").send(client, owner="")
    undo.send(client)
    assert owner() is None, "an Undo of before that decision"


def test_a_value_of_a_person_that_somebody_stated_meanwhile_stays(house: House) -> None:
    client, person = house.browser("admin"), house.values["other"]
    path = f"/people/{person}/attributes/city/"

    def city() -> Any:
        return Person.objects.get(pk=person).attributes.get("city")

    old = sheet_with(client, path, "value", "shown")
    sheet_with(client, path, "value", "shown").send(client, value="Puebla")
    old.send(client)
    assert city() == "Puebla", "sent as it stood"
    answer = old.send(client, value="Toluca", fact="00000000-0000-4000-8000-000000000001")
    assert (answer.status_code, city()) == (422, "Puebla")
    page = answer.content.decode()
    assert f"{MEANWHILE}. It is now: Puebla." in page
    again = next(each for each in sheets(page, path) if {"value", "shown"} <= each.values.keys())
    assert again.values["value"] == ["Toluca"]
    again.send(client)
    assert city() == "Toluca"
    undo = next(
        each for each in sheets(client.get(f"/people/{person}/").content.decode(), "/") if "city" in each.action
    )
    sheet_with(client, path, "value", "shown").send(client, value="Lerma")
    assert undo.send(client).status_code == 422
    assert city() == "Lerma"


def test_how_long_facts_stay_keeps_what_the_page_did_not_hold(house: House, settings: Any) -> None:
    client, path = house.browser("admin"), "/privacy/retention/"
    expiry.settle(settings.EMBUDO, {"page_viewed": 90, "Odd:kind": 30, "*": 900})
    old = sheet_with(client, path, "days.page_viewed", "shown")
    old.without("days.Odd:kind", "days.*").send(client, **{"days.page_viewed": "80", "act": "keep"})
    assert expiry.days_of(settings.EMBUDO) == {"page_viewed": 80, "Odd:kind": 30, "*": 900}
    old.send(client, **{"days.*": "800", "act": "keep"})
    assert expiry.days_of(settings.EMBUDO) == {"page_viewed": 80, "Odd:kind": 30, "*": 800}
    answer = old.send(client, **{"days.page_viewed": "70", "act": "keep"})
    assert answer.status_code == 422 and f"{MEANWHILE}. It is now: 80." in answer.content.decode()
    assert expiry.days_of(settings.EMBUDO)["page_viewed"] == 80
    again = next(each for each in sheets(answer.content.decode(), path) if "days.page_viewed" in each.values)
    assert again.values["days.page_viewed"] == ["70"]
    again.send(client, act="keep")
    assert expiry.days_of(settings.EMBUDO) == {"page_viewed": 70, "Odd:kind": 30, "*": 800}
    fresh = sheet_with(client, path, "days.page_viewed", "shown")
    fresh.send(client, **{"days.Odd:kind": "", "act": "keep"})
    assert expiry.days_of(settings.EMBUDO) == {"page_viewed": 70, "*": 800}
