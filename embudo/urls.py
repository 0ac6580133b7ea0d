"""Which app answers which address: every app that has a `urls` module is included at its own prefix."""

from django.urls import URLPattern, URLResolver, include, path

from embudo.settings import installed

PREFIXES = {
    "accounts": "",
    "work": "",
    "capture": "",
    "definition": "",
    "leads": "",
    "privacy": "",
    "forms": "",
    "imports": "",
    "duplicates": "",
    "doors": "",
    "reports": "",
    "operate": "",
    "ui": "",
}


def _included() -> list[URLPattern | URLResolver]:
    there = [app for app in PREFIXES if installed(f"embudo.{app}.urls")]
    return [path(PREFIXES[app], include(f"embudo.{app}.urls")) for app in there]


# django-allauth finds its pages by names without an app's prefix
urlpatterns: list[URLPattern | URLResolver] = [path("", include("embudo.accounts.allauth_urls")), *_included()]
