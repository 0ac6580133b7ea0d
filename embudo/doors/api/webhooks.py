"""Webhooks over the API: other software subscribes itself."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Path, Router

from embudo.doors import outbound
from embudo.doors.api import schemas
from embudo.doors.api.answers import answers, reply
from embudo.doors.api.guard import needs
from embudo.doors.api.once import once
from embudo.doors.api.people import WRITES
from embudo.doors.api.problem import Problem, invalid
from embudo.doors.hooks.kinds import KINDS
from embudo.doors.models import Delivery, Endpoint

router = Router(tags=["Webhooks"])
WebhookId = Path(..., pattern=r"^[0-9]{1,18}$")


@router.get("/webhooks", response=answers(schemas.Webhooks), summary="List webhooks", **needs("webhooks:manage"))
def webhook_list(request: HttpRequest) -> schemas.Webhooks:
    """All of this install."""
    return schemas.Webhooks(data=[_shown(each) for each in Endpoint.objects.filter(retired_at=None)])


@router.post(
    "/webhooks", response=answers(schemas.WebhookMade, 409, status=201), summary="Add a webhook",
    **needs("webhooks:manage", **WRITES),
)  # fmt: skip
@once
def webhook_add(request: HttpRequest, body: schemas.WebhookNew) -> HttpResponse:
    """It is told what happens from now on. The secret is in this answer and in no other."""
    _check(body.url, body.kinds)
    made = Endpoint.open(name=body.name, url=body.url, kinds=_kinds(body.kinds), by=_maker(request))
    return reply(schemas.WebhookMade(**_shown(made).model_dump(), secret=made.secret), status=201)


@router.get(
    "/webhooks/{webhook}", response=answers(schemas.Webhook, 404), summary="Read a webhook", **needs("webhooks:manage")
)
def webhook_get(request: HttpRequest, webhook: str = WebhookId) -> schemas.Webhook:
    """One webhook."""
    return _shown(_found(webhook))


@router.patch(
    "/webhooks/{webhook}", response=answers(schemas.Webhook, 404, 409), summary="Change a webhook",
    **needs("webhooks:manage", **WRITES),
)  # fmt: skip
@once
def webhook_change(request: HttpRequest, body: schemas.WebhookChange, webhook: str = WebhookId) -> HttpResponse:
    """Changes what is named. `paused` stops and starts it; what happens meanwhile waits."""
    found = _found(webhook)
    _check(body.url, body.kinds)
    changed = {name: getattr(body, name) for name in ("name", "url", "kinds") if getattr(body, name) is not None}
    for name, value in changed.items():
        setattr(found, name, _kinds(value) if name == "kinds" else value)
    if changed:
        found.keep(by=_maker(request))
    if body.paused is True:
        found.pause(Endpoint.Paused.BY_HAND, by=_maker(request))
    elif body.paused is False:
        found.resume(by=_maker(request))
    return reply(_shown(_found(webhook)))


@router.delete(
    "/webhooks/{webhook}", response=answers(None, 404, status=204), summary="Remove a webhook",
    **needs("webhooks:manage"),
)  # fmt: skip
def webhook_remove(request: HttpRequest, webhook: str = WebhookId) -> HttpResponse:
    """It can be brought back in the app."""
    _found(webhook).retire(by=_maker(request))
    return HttpResponse(status=204)


def _maker(request: HttpRequest) -> Any:
    return request.auth.maker  # type: ignore[attr-defined]


def _found(text: str) -> Endpoint:
    found = Endpoint.objects.filter(pk=int(text), retired_at=None).first()
    if found is None:
        raise Problem("not_found", "There is no webhook with this id.")
    return found


def _check(url: str | None, kinds: list[str] | None) -> None:
    if url is not None:
        try:
            networks = outbound.networks_of(settings.EMBUDO.webhook_networks)
            outbound.check_host(outbound.target_of(url), networks=networks)  # names are looked up at each call
        except outbound.Refused as error:
            raise invalid("body.url", str(error)) from error
    for each in kinds or ():
        if each not in KINDS:
            raise invalid("body.kinds", f"“{each[:80]}” is none of {', '.join(KINDS)}")


def _kinds(given: list[str]) -> list[str]:
    return [each for each in KINDS if each in given]


def _shown(row: Endpoint) -> schemas.Webhook:
    waiting = row.deliveries.filter(state=Delivery.State.WAITING).count()
    return schemas.Webhook(
        id=str(row.pk), name=row.name, url=row.url, kinds=row.kinds, paused=row.paused_at is not None,
        paused_why=row.paused_why, waiting=waiting, created_at=row.created_at,
    )  # fmt: skip
