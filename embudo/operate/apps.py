"""The app's name in Django."""

from django.apps import AppConfig


class OperateConfig(AppConfig):
    name = "embudo.operate"
    label = "operate"
