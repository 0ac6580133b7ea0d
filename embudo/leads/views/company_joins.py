"""Companies that are there twice: look for the other one, see both, join them, take them apart; all can be undone."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from embudo.accounts.permissions import require
from embudo.core.funnel import STAGES
from embudo.eventlog import LogUnavailable
from embudo.leads import rollup
from embudo.leads.company_joins import Untold, identifier_of, link_of, merge_props
from embudo.leads.history import COMPANIES_MERGED, COMPANIES_UNMERGED
from embudo.leads.models import Company, CompanyMerge
from embudo.leads.queries.companies import named
from embudo.leads.record import the_log
from embudo.leads.views.applying import fact_id, say
from embudo.ui.toasts import toast

FOUND = 8
SHOWN = 20  # joins on the page of a company


def company_of(id_: int) -> Company:
    """Return the company of this id; raises Http404 when there is none."""
    if id_ >= 2**63:
        raise Http404
    found = Company.objects.select_related("owner", "merged_into__owner").filter(pk=id_).first()
    if found is None:
        raise Http404(_("There is no such company; nobody works there any more."))
    return found


def company_now(id_: int) -> Company:
    """Return the company of this id, or the one whose page it has now; raises Http404 when there is none."""
    found = company_of(id_)
    return found.merged_into or found


def joins_of(company: Company) -> dict[str, Any]:
    """Return the joins that the page of a company shows: those that stand, and those that were undone."""
    absorbed = list(Company.objects.filter(merged_into=company).values_list("pk", flat=True))
    all_of_it = CompanyMerge.objects.select_related("absorbed", "survivor").order_by("-at")
    own = all_of_it.filter(survivor_id__in=[company.pk, *absorbed])
    past = (own | all_of_it.filter(absorbed=company)).exclude(unmerged_at=None)
    return {
        "joins": [(each, each.absorbed or each.absorbed_name) for each in own.filter(unmerged_at=None)[:SHOWN]],
        "parted": [(each, _other(each, company)) for each in past[:SHOWN]],
    }


@require_GET
@require("people.merge")
def merge(request: HttpRequest, company: int) -> HttpResponse:
    """Look for the other one."""
    found, typed = company_now(company), request.GET.get("q", "")[:200]
    others = named(typed).exclude(pk=found.pk).filter(merged_into=None).order_by("-people_count", "id")[:FOUND]
    context = {"company": found, "others": others, "typed": typed, "searched": bool(typed.strip())}
    return render(request, "leads/_companies_found.html" if request.htmx else "leads/company_merge.html", context)


@require_http_methods(["GET", "POST"])
@require("people.merge")
def join(request: HttpRequest, company: int, other: int) -> HttpResponse:
    """Show both, and on POST join them: the company shown keeps the page, the other one's people come to it."""
    found, second = company_now(company), company_now(other)
    if found.pk == second.pk:
        toast(request, _("These two are one already."))
        return redirect("leads:company", found.pk)
    if request.method == "POST":
        join_two(request, found, second)
        return redirect("leads:company", found.pk)
    rolled = rollup.of([found.pk, second.pk])
    sides = [_side(each, rolled.get(each.pk, rollup.NOBODY)) for each in (found, second)]
    context = {"company": found, "other": second, "sides": sides, "fact": fact_id()}
    return render(request, "leads/company_join.html", context)


@require_POST
@require("people.merge")
def unmerge(request: HttpRequest, company: int, absorbed: int) -> HttpResponse:
    """Take the two apart: each has again what was stated of it, and who works there."""
    found, other = company_now(company), company_of(absorbed)
    link = link_of(found, absorbed)
    if link is None:
        toast(request, _("These two are apart already."))
        return redirect("leads:company", found.pk)
    done = _("%(one)s and %(other)s are two companies again.") % {"one": found, "other": other}
    undo = f"{reverse('leads:company_join', args=[found.pk, absorbed])}?{urlencode({'fact': fact_id()})}"
    props = {"survivor": link.survivor_id, "absorbed": absorbed}
    try:
        say(request, COMPANIES_UNMERGED, None, props, done=done, undo=undo, company=identifier_of(found, the_log()))
    except (Untold, LogUnavailable) as error:
        toast(request, _why(error), failed=True)
    return redirect("leads:company", found.pk)


def join_two(request: HttpRequest, survivor: Company, absorbed: Company) -> bool:
    """Record that two companies are one, shown on the survivor's page; return whether it was kept. It has an Undo."""
    done = _("%(one)s and %(other)s are one company now.") % {"one": survivor, "other": absorbed}
    address = reverse("leads:company_unmerge", args=[survivor.pk, absorbed.pk])
    undo = f"{address}?{urlencode({'fact': fact_id()})}"
    try:
        props = merge_props(survivor, absorbed, the_log())
    except (Untold, LogUnavailable) as error:
        toast(request, _why(error), failed=True)
        return False
    return say(request, COMPANIES_MERGED, None, props, done=done, undo=undo, company=props["identifiers"][0])


def _why(error: Untold | LogUnavailable) -> str:
    """Say in words why two companies were neither joined nor taken apart."""
    if isinstance(error, Untold):
        return str(error)
    return _("The log cannot be read just now, so nothing was changed. Try again.")


def _other(join: CompanyMerge, company: Company) -> Company | str:
    if join.absorbed_id == company.pk:
        return join.survivor or join.survivor_name
    return join.absorbed or join.absorbed_name


def _side(company: Company, rolled: rollup.Rolled) -> dict[str, object]:
    """One of the two companies as the preview shows it."""
    stage = STAGES[rolled.rank] if rolled.rank >= 0 else ""
    return {"company": company, "rolled": rolled, "stage": stage, "facts_of": sorted(company.attributes.items())}
