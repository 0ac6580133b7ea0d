"""The consents of one person: what they answered to each purpose with the receipts, and what they told us by hand."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from embudo.accounts.permissions import NotAllowed, require
from embudo.eventlog import LogUnavailable
from embudo.leads.clock import now
from embudo.leads.models import Person
from embudo.leads.record import NotRecorded
from embudo.leads.story import history_of
from embudo.leads.views.applying import back_to, fact_id, given_id, of_person
from embudo.privacy import consent
from embudo.privacy.consent import Standing
from embudo.privacy.forms import AnswerForm
from embudo.privacy.link import address_of
from embudo.privacy.models import Purpose, Wording
from embudo.privacy.receipts import receipts
from embudo.ui.toasts import toast


@never_cache
@require_GET
@require("people.see")
@of_person
def consents(request: HttpRequest, person: Person) -> HttpResponse:
    """A person's consents, a slot of their page; by itself a page."""
    told = consent.standings(history_of(person.id))
    context = {
        "person": person,
        "standings": [(each, _name(each), receipts(each)) for each in told],
        "link": address_of(person.id) if request.user.may("consents.record") else "",
        "may": request.user.may("consents.record"),
    }
    name = "privacy/_consents.html" if request.headers.get("HX-Request") == "true" else "privacy/consents.html"
    return render(request, name, context)


@require_http_methods(["GET", "POST"])
@require("people.see")
@of_person
def answer(request: HttpRequest, person: Person, code: str) -> HttpResponse:
    """The form in which somebody here writes down what a person said of one purpose."""
    if not request.user.may("consents.record"):
        raise NotAllowed("consents.record")
    purpose = get_object_or_404(Purpose, code=code)
    form = AnswerForm(request.POST or None, purpose=purpose, language=get_language() or "")
    if request.method == "POST" and form.is_valid() and _record(request, person.id, purpose, form):
        return back_to(request, person.id)
    fact = given_id(request) if form.is_bound else fact_id()
    wording = _words_for(purpose, form)
    context = {"person": person, "purpose": purpose, "form": form, "fact": fact, "wording": wording}
    return render(request, "privacy/answer.html", context, status=422 if form.errors else 200)


def _name(standing: Standing) -> str:
    return str(standing.purpose) if standing.purpose else standing.code.replace("_", " ")


def _words_for(purpose: Purpose, form: AnswerForm) -> Wording | None:
    language = form.data.get("language") if form.is_bound else form.initial.get("language")
    return purpose.wording(str(language or "")) if purpose.version else None


def _record(request: HttpRequest, person: int, purpose: Purpose, form: AnswerForm) -> bool:
    """Record the answer and tell the reader; return whether it was kept."""
    told, yes = form.cleaned_data, form.cleaned_data["answer"] == "yes"
    at = told["at"]
    details: dict[str, Any] = {
        "id": given_id(request), "by": request.user, "how": told["how"], "note": told["note"].strip(),
        "yes": yes, "language": told["language"],
        "at": int(at.timestamp() * 1_000_000) if at else now(),
    }  # fmt: skip
    if yes and not purpose.version:
        form.add_error(None, _("Nobody has written yet what people agree to. Write the words of the purpose first."))
        return False
    try:
        consent.keep(consent.written_down(purpose, f"person:{person}", **details))
    except LogUnavailable:
        form.add_error(None, _("The log cannot be written just now, so nothing was changed. Try again."))
        return False
    except NotRecorded:
        form.add_error(None, _("This was recorded before with other content. Load the page again."))
        return False
    words = _("Written down: they agree to “%(name)s”.") if yes else _("Written down: no consent to “%(name)s”.")
    toast(request, words % {"name": purpose})
    return True
