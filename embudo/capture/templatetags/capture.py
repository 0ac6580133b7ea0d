"""The words of capture's templates."""

from django import template

from embudo.capture.sight import verdict_words

register = template.Library()
register.filter("verdict_words", verdict_words)
