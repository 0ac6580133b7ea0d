"""The filters of the pages of forms."""

from django import template

from embudo.capture.sight import reason_called

register = template.Library()
register.filter("reason_words", reason_called)
