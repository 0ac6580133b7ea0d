"""The addresses of ui: the gallery of components, while EMBUDO_DEBUG is set."""

from django.conf import settings
from django.urls import path

from embudo.ui import gallery

app_name = "ui"
urlpatterns = [path("ui/", gallery.gallery, name="gallery")] if settings.DEBUG else []
