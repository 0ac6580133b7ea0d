"""The addresses of forms: those of who builds them, and the open ones below /f/."""

from django.urls import path

from embudo.forms.views import building, given, listing, public, publishing, results, sharing

app_name = "forms"
urlpatterns = [
    path("forms/", listing.forms, name="forms"),
    path("forms/new/", listing.new, name="new"),
    path("forms/<slug:slug>/", results.form, name="form"),
    path("forms/<slug:slug>/build/", building.build, name="build"),
    path("forms/<slug:slug>/build/fields/", building.add, name="add"),
    path("forms/<slug:slug>/build/fields/<str:field>/removal/", building.removal, name="removal"),
    path("forms/<slug:slug>/build/order/", building.order, name="order"),
    path("forms/<slug:slug>/build/undo/", building.undo, name="undo"),
    path("forms/<slug:slug>/build/redo/", building.redo, name="redo"),
    path("forms/<slug:slug>/whole/", publishing.whole, name="whole"),
    path("forms/<slug:slug>/publication/", publishing.publication, name="publication"),
    path("forms/<slug:slug>/preview/", publishing.preview, name="preview"),
    path("forms/<slug:slug>/share/", sharing.share, name="share"),
    path("forms/<slug:slug>/versions/", publishing.versions, name="versions"),
    path("forms/<slug:slug>/versions/<int:number>/restoration/", publishing.restoration, name="restoration"),
    path("forms/<slug:slug>/archival/", listing.archival, name="archival"),
    path("forms/<slug:slug>/reopening/", listing.reopening, name="reopening"),
    path("forms/<slug:slug>/showings/<str:what>/", results.showings, name="showings"),
    path("forms/<slug:slug>/showing/<str:showing>/verdict/", results.verdict, name="verdict"),
    path("forms/<slug:slug>/showing/<str:showing>/mail/", results.asking, name="asking"),
    path("f/embed.js", public.script, name="script"),
    path("f/files/<str:link>/", given.file, name="file"),
    path("f/confirm/<str:link>/", given.confirm, name="confirm"),
    path("f/<slug:slug>/", public.hosted, name="hosted"),
    path("f/<slug:slug>/embed/", public.embed, name="embed"),
    path("f/<slug:slug>/told/", public.told, name="told"),
]
