"""The addresses of the review of duplicates."""

from django.urls import path

from embudo.duplicates import views

app_name = "duplicates"
urlpatterns = [
    path("duplicates/", views.pairs, name="pairs"),
    path("duplicates/companies/", views.pairs, {"whose": "companies"}, name="company_pairs"),
    path("duplicates/search/", views.search, name="search"),
    path("duplicates/companies/search/", views.search, {"whose": "companies"}, name="company_search"),
    path("duplicates/<int:pair>/join/", views.join, name="join"),
    path("duplicates/<int:pair>/refusal/", views.refuse, name="refuse"),
    path("duplicates/<int:pair>/reopening/", views.reopen, name="reopen"),
]
