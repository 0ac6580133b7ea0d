"""The addresses of capture."""

from django.urls import path

from embudo.capture.views import keys, live, sites

app_name = "capture"
urlpatterns = [
    path("sites/", sites.sites, name="sites"),
    path("sites/new/", sites.new, name="site_new"),
    path("sites/<str:public_id>/", live.site, name="site"),
    path("sites/<str:public_id>/live/", live.live, name="live"),
    path("sites/<str:public_id>/install/", sites.install, name="install"),
    path("sites/<str:public_id>/settings/", sites.settings_of, name="settings"),
    path("sites/<str:public_id>/archival/", sites.archival, name="archival"),
    path("sites/<str:public_id>/reopening/", sites.reopening, name="reopening"),
    path("sites/<str:public_id>/keys/", keys.keys, name="keys"),
    path("sites/<str:public_id>/keys/<int:pk>/revocation/", keys.revocation, name="revocation"),
    path("sites/<str:public_id>/keys/<int:pk>/restoration/", keys.restoration, name="restoration"),
]
