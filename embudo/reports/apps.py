"""The app's name in Django."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "embudo.reports"
    label = "reports"
