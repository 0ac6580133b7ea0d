"""What templates of imports ask of a run."""

from django import template

from embudo.leads.models import ImportRun

register = template.Library()


@register.filter
def changed(run: ImportRun) -> int:
    """Return how many rows changed somebody, or something, that was there."""
    return run.accepted - run.fresh
