"""The app's name in Django."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "embudo.ui"
    label = "ui"
