"""Asking people to work here, and their coming in by the link they were sent."""

from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from embudo.accounts.confirming import confirmed, confirmed_to_change
from embudo.accounts.entering import enter
from embudo.accounts.forms import AcceptForm, InvitationForm
from embudo.accounts.models import Invitation, User
from embudo.accounts.models.invitation import Spent
from embudo.accounts.permissions import require
from embudo.ui.toasts import toast

LINK = "invitation_link"  # in the session, until it has been shown


@require("users.edit")
@require_http_methods(["GET", "POST"])
@confirmed_to_change
def new(request: HttpRequest) -> HttpResponse:
    form = InvitationForm(request.POST or None, initial={"language": settings.LANGUAGE_CODE})
    if request.method == "POST" and form.is_valid():
        invitation = form.save(commit=False)
        invitation.offer(by=request.user)
        return _handed_over(request, invitation)
    shown = {"form": form, "mail": bool(settings.EMBUDO.mail_url)}
    return render(request, "accounts/invite.html", shown, status=422 if form.errors else 200)


@require("users.edit")
@require_POST
@confirmed
def renewal(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a new link for a week; the one before is void."""
    invitation = get_object_or_404(Invitation.open(), pk=pk)
    try:
        invitation.renew(by=request.user)
    except Spent:
        toast(request, _("This invitation was answered or taken back in the meantime."), failed=True)
        return redirect("accounts:users")
    return _handed_over(request, invitation)


@require("users.edit")
@require_POST
def revocation(request: HttpRequest, pk: int) -> HttpResponse:
    invitation = get_object_or_404(Invitation.open(), pk=pk)
    try:
        invitation.revoke(by=request.user)
        toast(request, _("The invitation of %(email)s is taken back; its link opens nothing.") % {"email": invitation})
    except Spent:
        toast(request, _("This invitation was answered or taken back in the meantime."), failed=True)
    return redirect("accounts:users")


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Let an invited person choose name and password; the link works once. It speaks the language of the invitation."""
    invitation = Invitation.of_token(token)
    if invitation is None or User.objects.filter(email=invitation.email).exists():
        return render(request, "accounts/invitation_spent.html", status=410)
    chosen = settings.LANGUAGE_COOKIE_NAME in request.COOKIES  # by the switch on this very page
    with translation.override((not chosen and invitation.language) or translation.get_language()):
        form = AcceptForm(request.POST or None, user=User(email=invitation.email, name=request.POST.get("name", "")))
        if request.method == "POST" and form.is_valid():
            try:
                user = invitation.accept(form.cleaned_data["name"], form.cleaned_data["password"])
            except Spent:
                return render(request, "accounts/invitation_spent.html", status=410)
            toast(request, _("Welcome, %(name)s.") % {"name": user})
            return enter(request, user)
        shown = {"form": form, "invitation": invitation}
        return render(request, "accounts/accept.html", shown, status=422 if form.errors else 200)


def shown_once(request: HttpRequest) -> dict[str, str]:
    """Return the link that was made last, with whom it is for and whether it was mailed; it is not shown again."""
    return request.session.pop(LINK, {})


def _handed_over(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    """Mail the link, or else leave it to be shown on the next page, once."""
    path = reverse("accounts:accept", args=[invitation.token])
    link = f"{settings.EMBUDO.site_address}{path}"
    if settings.EMBUDO.mail_url and _mailed(invitation, link, request.user):
        invitation.mailed()
        toast(request, _("The invitation is on its way to %(email)s.") % {"email": invitation.email})
    else:
        failed = "1" if settings.EMBUDO.mail_url else ""
        request.session[LINK] = {"link": link, "email": invitation.email, "failed": failed}
    return redirect("accounts:users")


def _mailed(invitation: Invitation, link: str, by: User) -> bool:
    with translation.override(invitation.language or settings.LANGUAGE_CODE):
        known = {"invitation": invitation, "link": link, "by": by}
        subject = _("%(name)s invites you to Embudo") % {"name": " ".join(str(by).split())}
        text = render_to_string("accounts/invitation_mail.txt", known)
    try:
        return send_mail(subject, text, None, [invitation.email]) == 1
    except (SMTPException, OSError):
        return False
