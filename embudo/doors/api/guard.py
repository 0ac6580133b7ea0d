"""Who may ask: the key in the Authorization header, its scope, and how often it may."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja.security import HttpBearer

from embudo.doors.api import rate
from embudo.doors.api.problem import Problem
from embudo.doors.models import ApiKey
from embudo.doors.scopes import SCOPES


class KeyAuth(HttpBearer):
    """Lets a request pass whose key is in force, has the scope, and does not ask too often; it is `request.auth`."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        if scope:
            SCOPES[scope]
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey:
        """Return the key; raises Problem."""
        key = ApiKey.of(token) if token else None
        if key is None:
            raise no_key("The key in the Authorization header is unknown, revoked or past its time.")
        check_rate(key)
        key.note_use()
        if self.scope and not key.may(self.scope):
            why = "its maker's role may not do this any more" if self.scope in key.scopes else "it lacks the scope"
            words = f"The key “{key.name}” needs the scope {self.scope}: {why}."
            raise Problem("not_allowed", words, scope=self.scope)
        return key


def no_key(words: str) -> Problem:
    """Return the problem of a request without a key that opens anything."""
    return Problem("no_key", words, headers={"WWW-Authenticate": 'Bearer realm="Embudo"'})


def check_rate(key: ApiKey) -> None:
    """Raise Problem when a key has spent what it may in this second."""
    if not rate.allows(key):
        words = f"A key may make {settings.EMBUDO.api_rate} requests a second."
        raise Problem("too_many", words, headers={"Retry-After": str(rate.WAIT_S)}, retry_after_s=rate.WAIT_S)


def needs(scope: str, **extra: Any) -> dict[str, Any]:
    """Return what an operation declares to be open to keys with a scope."""
    said = {"x-scope": scope} if scope else {}
    return {"auth": KeyAuth(scope), "openapi_extra": {**said, **extra}}
