"""The addresses of imports."""

from django.urls import path

from embudo.imports.views import report, runs, steps, visits

app_name = "imports"
urlpatterns = [
    path("imports/", runs.imports, name="imports"),
    path("imports/new/", steps.new, name="new"),
    path("imports/<int:pk>/file/", steps.file, name="file"),
    path("imports/<int:pk>/file/preview/", steps.preview, name="preview"),
    path("imports/<int:pk>/columns/", steps.columns, name="columns"),
    path("imports/<int:pk>/columns/meanings/", steps.meanings, name="meanings"),
    path("imports/<int:pk>/site/", visits.place, name="place"),
    path("imports/<int:pk>/trial/", steps.trial, name="trial"),
    path("imports/<int:pk>/state/", steps.state, name="state"),
    path("imports/<int:pk>/start/", steps.start, name="start"),
    path("imports/<int:pk>/discard/", steps.discard, name="discard"),
    path("imports/runs/<int:pk>/", runs.run, name="run"),
    path("imports/runs/<int:pk>/state/", runs.state, name="run_state"),
    path("imports/runs/<int:pk>/undo/", runs.undo, name="undo"),
    path("imports/runs/<int:pk>/report.csv", report.download, name="report"),
    path("imports/mappings/<int:pk>/removal/", runs.forget_mapping, name="forget_mapping"),
]
