"""The addresses of reports; the funnel is the home page."""

from django.urls import path

from embudo.reports import views

app_name = "reports"
urlpatterns = [path("", views.home, name="funnel")]
