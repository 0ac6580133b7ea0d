"""What is being done, and what the one who asked for it may do about it."""

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from embudo.accounts.permissions import signed_in
from embudo.ui import keyset
from embudo.ui.toasts import toast
from embudo.work.models import Job

PAGE = 50
ACTS = {"pause": Job.pause, "continuation": Job.go_on, "cancellation": Job.cancel, "retry": Job.try_again}


@signed_in
@require_GET
def jobs(request: HttpRequest) -> HttpResponse:
    """List one's own long work; who sees the system sees everybody's."""
    page = keyset.page(request, _visible(request).select_related("by"), order=("-id",), size=PAGE)
    return render(request, "work/jobs.html", {"page": page})


@never_cache
@signed_in
@require_GET
def job(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one job; as a fragment only how far it is."""
    found = get_object_or_404(_visible(request), pk=pk)
    live = request.headers.get("HX-Request") == "true"
    return render(request, "work/_job.html" if live else "work/job.html", {"job": found})


@signed_in
@require_POST
def turn(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Pause it, go on, cancel it, try it again."""
    if act not in ACTS:
        raise BadRequest(act)
    found = get_object_or_404(_visible(request), pk=pk)
    if not ACTS[act](found):
        toast(request, _("It had changed meanwhile; this is how it stands now."), failed=True)
    return redirect("work:job", pk)


def _visible(request: HttpRequest):  # type: ignore[no-untyped-def]
    return Job.objects.all() if request.user.may("system.see") else Job.objects.filter(by=request.user)
