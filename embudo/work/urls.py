"""The addresses of long work."""

from django.urls import path

from embudo.work import views

app_name = "work"
urlpatterns = [
    path("work/", views.jobs, name="jobs"),
    path("work/<int:pk>/", views.job, name="job"),
    path("work/<int:pk>/<str:act>/", views.turn, name="turn"),
]
