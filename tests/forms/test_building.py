"""The builder: every change is a step, visitors see what was published, and only those who may can change it."""

from typing import Any

import pytest
from django.test import Client

from embudo.accounts.models import AuditEntry
from embudo.accounts.permissions import Role, may
from embudo.capture.models import Site
from embudo.forms.content import Content, Kind, Means, Then, Widget
from embudo.forms.models import Form
from embudo.forms.presets import PRESETS
from embudo.leads.models import Attribute


@pytest.fixture
def builder(form: Form, staff: Any) -> Any:
    """Posts to the builder and returns the draft."""
    client = staff()

    def act(path: str, **given: Any) -> Content:
        answer = client.post(f"/forms/contact/{path}", given)
        assert answer.status_code == 302, answer.content.decode()
        return Form.objects.get().draft

    return act


@pytest.mark.parametrize("preset", [each.code for each in PRESETS])
def test_every_beginning_makes_a_form_in_three_languages_that_can_be_published(
    staff: Any, site: Site, visitor: Client, preset: str
) -> None:
    client = staff()
    given = {"name": "¡Pida una demo!", "site": site.pk, "preset": preset}
    assert client.post("/forms/new/", given).headers["Location"] == "/forms/pida-una-demo/build/"
    form = Form.objects.get()
    assert form.draft.languages == ("en", "es", "pt-br") and form.draft.title["es"] != form.draft.title["en"]
    assert client.get("/forms/pida-una-demo/build/").status_code == 200
    assert visitor.get("/f/pida-una-demo/").status_code == 404
    assert client.post("/forms/pida-una-demo/publication/").status_code == 302
    assert visitor.get("/f/pida-una-demo/?lang=pt").status_code == 200
    client.post("/forms/new/", given)
    assert set(Form.objects.values_list("slug", flat=True)) == {"pida-una-demo", "pida-una-demo-2"}


def test_without_a_site_the_way_to_one_is_shown(staff: Any) -> None:
    assert 'href="/sites/new/"' in staff().get("/forms/new/").content.decode()
    assert "No form yet" in staff().get("/forms/").content.decode()


def test_the_preview_speaks_the_language_of_the_form(form: Form, staff: Any) -> None:
    page = staff().get("/forms/contact/build/?lang=es", headers={"accept-language": "en"}).content.decode()
    preview = page[page.index("preview-form") :]
    assert ">opcional<" in preview and ">optional<" not in preview[: preview.index("</form>")]
    assert "What visitors will see" in page


def test_fields_are_added_changed_ordered_and_removed(builder: Any) -> None:
    assert builder("build/fields/", kind="attribute", name="company").fields[-1].name == "company"
    question = builder("build/fields/", kind="question", name="choices").fields[-1]
    given = {
        "label.en": "What do you need?",
        "widget": "choices",
        "options.en": "Routes\nPaper\nRoutes",
        "required": "on",
    }
    changed = builder(f"build/?field={question.id}", **given, **{"options.es": "Rutas\nPapel"}).fields[-1]
    assert changed.label == {"en": "What do you need?", "es": "Pregunta nueva"} and changed.required
    assert [(each.value, each.label["es"]) for each in changed.options] == [("Routes", "Rutas"), ("Paper", "Papel")]
    ids = [each.id for each in builder("build/order/", field=question.id, way="up").fields]
    assert ids == ["f1", "f2", "f3", "f4", "f6", "f5"]
    ids = [each.id for each in builder("build/order/", order="f6,f1,nonsense").fields]
    assert ids == ["f6", "f1", "f2", "f3", "f4", "f5"]
    assert "f6" not in [each.id for each in builder("build/fields/f6/removal/").fields]


def test_steps_are_undone_and_done_again_until_something_else_is_done(builder: Any) -> None:
    builder("build/fields/", kind="words")
    assert len(builder("build/undo/").fields) == 4
    assert len(builder("build/undo/").fields) == 4
    assert len(builder("build/redo/").fields) == 5
    builder("build/undo/")
    assert builder("build/fields/", kind="attribute", name="city").fields[-1].id == "f5"
    assert builder("build/redo/").fields[-1].name == "city"


def test_visitors_see_what_was_published_and_an_older_version_can_come_back(
    builder: Any, visitor: Client, staff: Any
) -> None:
    builder("build/fields/f2/removal/")
    assert "f_f2" in visitor.get("/f/contact/").content.decode()
    builder("publication/")
    assert "f_f2" not in visitor.get("/f/contact/").content.decode()
    form = Form.objects.get()
    assert [each.number for each in form.versions.all()] == [2, 1]
    assert [each.name for each in builder("versions/1/restoration/").fields][1] == "first_name"
    assert "f_f2" not in visitor.get("/f/contact/").content.decode()
    builder("publication/")
    assert Form.objects.get().published.number == 3  # type: ignore[union-attr]
    builder("publication/")
    assert Form.objects.get().published.number == 3  # type: ignore[union-attr]
    assert AuditEntry.objects.filter(verb="form_published").count() == 3


def test_a_field_shown_when_another_has_a_value(builder: Any, visitor: Client) -> None:
    field = builder("build/fields/", kind="attribute", name="budget").fields[-1]
    changed = builder(f"build/?field={field.id}", required="on", when=["f3=now"])
    assert changed.fields[-1].when.field == "f3"  # type: ignore[union-attr]
    builder("publication/")
    assert "f3\nnow".replace("f3", "f_f3") in visitor.get("/f/contact/").content.decode()
    mail = {"f_f1": "ana@norte.example"}
    assert visitor.post("/f/contact/", {**mail, "f_f3": "later"}).status_code == 200
    assert visitor.post("/f/contact/", {**mail, "f_f3": "now"}).status_code == 422
    assert visitor.post("/f/contact/", {**mail, "f_f3": "now", "f_f5": "1000"}).status_code == 200


def test_what_is_hidden_by_a_condition_is_not_kept_though_it_is_sent(builder: Any, visitor: Client, log: Any) -> None:
    field = builder("build/fields/", kind="attribute", name="city").fields[-1]
    builder(f"build/?field={field.id}", widget="text", when=["f3=now"])
    builder("publication/")
    visitor.post("/f/contact/", {"f_f1": "ana@norte.example", "f_f3": "later", "f_f5": "Lima"})
    rows, _ = log.read(log.end().moved({0: 0}), 100)
    assert "city" not in rows[0].event.props["traits"]


def test_a_condition_goes_when_its_field_goes_or_comes_later(builder: Any) -> None:
    field = builder("build/fields/", kind="attribute", name="city").fields[-1]
    builder(f"build/?field={field.id}", widget="text", when=["f3=now"])
    assert builder("build/order/", order=f"{field.id},f1,f2,f3,f4").fields[0].when is None
    builder("build/undo/")
    assert builder("build/fields/f3/removal/").field(field.id).when is None


def test_a_new_attribute_is_there_for_everybody(builder: Any) -> None:
    field = builder(
        "build/fields/", kind="new", label="Field teams", attribute_kind="choice", options="1\n2 to 5"
    ).fields[-1]
    made = Attribute.objects.get(pk="field_teams")
    assert (made.label, made.kind, made.options, made.standard) == ("Field teams", "choice", ["1", "2 to 5"], False)
    assert (field.kind, field.name, field.widget) == (Kind.ATTRIBUTE, "field_teams", Widget.CHOICE)
    again = builder("build/fields/", kind="new", label="Field teams", attribute_kind="text")
    assert len(again.fields) == 5


@pytest.mark.parametrize(
    "given",
    [{"kind": "attribute", "name": "nonsense"}, {"kind": "consent", "name": "newsletter"}, {"kind": "secret"}, {},
     {"kind": "question", "name": "password"}, {"kind": "new", "label": "///", "attribute_kind": "text"},
     {"kind": "new", "label": "Team", "attribute_kind": "json"}],
)  # fmt: skip
def test_what_cannot_be_added_changes_nothing(builder: Any, given: dict[str, str]) -> None:
    assert len(builder("build/fields/", **given).fields) == 4


def test_a_hidden_field_takes_a_parameter_of_the_page(builder: Any, visitor: Client, log: Any) -> None:
    field = builder("build/fields/", kind="hidden", name="budget").fields[-1]
    assert builder(f"build/?field={field.id}", parameter="b").fields[-1].parameter == "b"
    builder("publication/")
    page = visitor.get("/f/contact/?b=1,200").content.decode()
    assert f'name="f_{field.id}" value="1,200"' in page and f'data-parameters="b=f_{field.id}"' in page
    visitor.post("/f/contact/", {"f_f1": "ana@norte.example", f"f_{field.id}": "1,200"})
    rows, _ = log.read(log.end().moved({0: 0}), 100)
    assert rows[0].event.props["traits"]["budget"] == 1200


@pytest.mark.parametrize(
    ("field", "given", "words"),
    [("f3", {"widget": "choice", "options.en": ""}, "at least one answer"),
     ("f3", {"widget": "choice", "options.en": "a\nb", "options.es": "a"}, "one for each line"),
     ("f3", {"widget": "password"}, "password"), ("f4", {"when": ["f1=x"]}, "x")],
)  # fmt: skip
def test_what_is_not_right_is_said_beside_the_field(
    form: Form, staff: Any, field: str, given: dict[str, Any], words: str
) -> None:
    answer = staff().post(f"/forms/contact/build/?field={field}", given)
    assert answer.status_code == 422 and words in answer.content.decode()
    assert Form.objects.get().draft == form.draft


def test_words_and_rules_of_the_whole(builder: Any) -> None:
    given = {
        "name": "Renamed", "languages": ["es", "en"], "language": "es", "means": "quote_requested", "at_once": "3",
        "business_mail": "on", "then": "words", "title.en": "Hi", "title.es": "Hola", "thanks.es": "Gracias\r\nmil",
    }  # fmt: skip
    content = builder("whole/", **given)
    assert (content.languages, content.language, content.means, content.at_once) == (("en", "es"), "es", Means.QUOTE, 3)
    assert content.business_mail and content.then is Then.WORDS and content.thanks["es"] == "Gracias\nmil"
    assert Form.objects.get().name == "Renamed"


def test_confirmation_by_mail_needs_a_mail_server(form: Form, staff: Any) -> None:
    given = {"name": "x", "languages": ["en"], "language": "en", "at_once": "2", "then": "words", "confirm": "on"}
    answer = staff().post("/forms/contact/whole/", given)
    assert answer.status_code == 422 and "EMBUDO_MAIL_URL" in answer.content.decode()


def test_a_form_is_put_away_and_brought_back(builder: Any, visitor: Client) -> None:
    builder("archival/")
    assert visitor.get("/f/contact/").status_code == 404
    builder("reopening/")
    assert visitor.get("/f/contact/").status_code == 200


SEEN = ("", "share/", "preview/", "versions/", "showings/seen/")
EDITED = ("build/", "whole/")
ACTS = (
    "build/fields/", "build/fields/f1/removal/", "build/order/", "build/undo/", "build/redo/", "whole/", "publication/",
    "versions/1/restoration/", "archival/", "reopening/", "showing/x/verdict/", "build/?field=f1",
)  # fmt: skip


@pytest.mark.parametrize("role", list(Role))
def test_the_table_of_permissions_holds_on_every_page_and_act(form: Form, staff: Any, role: str) -> None:
    client = staff(role)
    for path in SEEN:
        assert (client.get(f"/forms/contact/{path}").status_code == 200) == may(role, "forms.see"), path
    for path in EDITED:
        assert (client.get(f"/forms/contact/{path}").status_code == 200) == may(role, "forms.edit"), path
    if not may(role, "forms.edit"):
        before = Form.objects.get().at_step
        assert {client.post(f"/forms/contact/{path}").status_code for path in ACTS} == {403}
        assert Form.objects.get().at_step == before


@pytest.mark.parametrize("path", ACTS)
def test_the_builder_is_changed_only_by_a_post_with_a_token(form: Form, staff: Any, path: str) -> None:
    client = staff(csrf=True)
    assert client.post(f"/forms/contact/{path}", {"kind": "words"}).status_code == 403
    step = Form.objects.get().at_step
    client.get(f"/forms/contact/{path}")
    assert Form.objects.get().at_step == step and Form.objects.get().archived_at is None


def test_strangers_are_asked_to_sign_in(form: Form, visitor: Client) -> None:
    for path in ("/forms/", "/forms/contact/", "/forms/contact/build/", "/forms/contact/showings/sent/"):
        assert visitor.get(path).headers["Location"].startswith("/sign-in/")


@pytest.mark.parametrize(
    "path", ["none/", "contact/build/?field=none", "contact/showings/what/", "contact/versions/9/restoration/"]
)
def test_addresses_of_nothing(form: Form, staff: Any, path: str) -> None:
    answer = (
        staff().post(f"/forms/{path}") if "restoration" in path or "field" in path else staff().get(f"/forms/{path}")
    )
    assert answer.status_code == 404


def test_an_id_that_visitors_were_shown_is_never_given_again(builder: Any) -> None:
    builder("build/fields/", kind="attribute", name="city")
    builder("publication/")
    assert len(builder("build/undo/").fields) == 4
    assert builder("build/fields/", kind="question", name="yes_no").fields[-1].id == "f6"


RENAMED = {"label.en": "When?", "options.es": "Ahora\nDespués", "widget": "choice"}


def test_an_answer_in_other_words_stays_the_same_answer(builder: Any) -> None:
    field = builder("build/fields/", kind="attribute", name="city").fields[-1]
    builder(f"build/?field={field.id}", widget="text", when=["f3=now"])
    changed = builder("build/?field=f3", **RENAMED, **{"options.en": "Right now\nLater"})
    assert [each.value for each in changed.field("f3").options] == ["now", "later"]
    assert changed.field("f3").options[0].label["en"] == "Right now"
    assert changed.field(field.id).when.values == ("now",)
    changed = builder("build/?field=f3", **RENAMED, **{"options.en": "Later\nRight now"})
    assert [each.value for each in changed.field("f3").options] == ["later", "now"]  # the order changed, not the words
    more = {"options.en": "Later\nRight now\nnow", "options.es": "a\nb\nc"}
    values = [each.value for each in builder("build/?field=f3", **{**RENAMED, **more}).field("f3").options]
    assert values == ["later", "now", "now (2)"]


@pytest.mark.parametrize(
    "change",
    [{**RENAMED, "options.en": "Later", "options.es": "Después"}, {"label.en": "When?", "widget": "text"}],
)  # fmt: skip
def test_a_condition_goes_with_its_answer_and_that_is_said(builder: Any, staff: Any, change: dict[str, str]) -> None:
    field = builder("build/fields/", kind="attribute", name="city").fields[-1]
    builder(f"build/?field={field.id}", widget="text", when=["f3=now"])
    page = staff().post("/forms/contact/build/?field=f3", change, follow=True).content.decode()
    assert Form.objects.get().draft.field(field.id).when is None  # type: ignore[union-attr]
    assert "The field is changed. A condition left with its answer." in page


def test_who_changes_a_condition_is_told_of_no_loss(builder: Any, staff: Any) -> None:
    field = builder("build/fields/", kind="attribute", name="city").fields[-1]
    builder(f"build/?field={field.id}", widget="text", when=["f3=now"])
    change = {"widget": "text", "when": ["f3=later"]}
    page = staff().post(f"/forms/contact/build/?field={field.id}", change, follow=True).content.decode()
    assert "The field is changed." in page and "A condition left" not in page


def test_a_fresh_question_has_words_of_its_own_in_each_language(builder: Any) -> None:
    builder("build/fields/", kind="question", name="text")
    one, other = builder("build/fields/", kind="question", name="text").fields[-2:]
    assert one.label == {"en": "New question", "es": "Pregunta nueva"}
    assert other.label == {"en": "New question (2)", "es": "Pregunta nueva (2)"}  # answers are kept by these words


def test_why_no_condition_is_offered_is_said(form: Form, staff: Any) -> None:
    first, later = (staff().get(f"/forms/contact/build/?field={id}").content.decode() for id in ("f1", "f4"))
    why = "is offered below a question with listed answers"
    assert (why in first, why in later) == (True, False)
    assert "Ask only if the answer is" in later
