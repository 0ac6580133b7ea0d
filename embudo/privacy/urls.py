"""The addresses of consent and privacy."""

from django.urls import path

from embudo.privacy.views import erasure, link, person, purposes, retention, stored

app_name = "privacy"
urlpatterns = [
    path("privacy/", purposes.purposes, name="purposes"),
    path("privacy/purposes/new/", purposes.new, name="purpose_new"),
    path("privacy/purposes/<slug:code>/", purposes.purpose, name="purpose"),
    path("privacy/purposes/<slug:code>/receipts/", purposes.receipts, name="receipts"),
    path("privacy/purposes/<slug:code>/archival/", purposes.archival, name="purpose_archival"),
    path("privacy/purposes/<slug:code>/reopening/", purposes.reopening, name="purpose_reopening"),
    path("privacy/stored/", stored.page, name="stored"),
    path("privacy/retention/", retention.page, name="retention"),
    path("privacy/erasures/", erasure.erasures, name="erasures"),
    path("people/<int:person>/consents/", person.consents, name="consents"),
    path("people/<int:person>/consents/<slug:code>/", person.answer, name="answer"),
    path("people/<int:person>/everything/", erasure.take_out, name="take_out"),
    path("privacy/taken-out/<int:job>/", erasure.taken_out, name="taken_out"),
    path("people/<int:person>/erasure/", erasure.erasure, name="erasure"),
    path("consent/<str:token>/", link.page, name="link"),
    path("consent/<str:token>/<slug:code>/", link.one_click, name="one_click"),
]
