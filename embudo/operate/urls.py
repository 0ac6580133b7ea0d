"""The addresses of operate."""

from django.urls import path

from embudo.operate import views

app_name = "operate"
urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("system/", views.system, name="system"),
    path("failed-events/", views.failed_events, name="failed_events"),
    path("failed-events/replay/", views.replay_all, name="replay_all"),
    path("failed-events/<int:number>/", views.failed_event, name="failed_event"),
    path("failed-events/<int:number>/dismiss/", views.dismiss, name="dismiss"),
    path("failed-events/<int:number>/replay/", views.replay_one, name="replay_one"),
]
