"""The addresses of the doors: keys, webhooks, the reference, and the API itself."""

from django.urls import include, path

from embudo.doors.api.door import addresses
from embudo.doors.views import deliveries, keys, reference, webhooks

app_name = "doors"
urlpatterns = [
    path("api-keys/", keys.keys, name="keys"),
    path("api-keys/<int:pk>/revocation/", keys.revocation, name="revocation"),
    path("api-keys/<int:pk>/restoration/", keys.restoration, name="restoration"),
    path("api/", reference.reference, name="reference"),
    path("api/v1/", include((addresses(), "api"))),
    path("webhooks/", webhooks.webhooks, name="webhooks"),
    path("webhooks/new/", webhooks.new, name="webhook_new"),
    path("webhooks/<int:pk>/", deliveries.webhook, name="webhook"),
    path("webhooks/<int:pk>/log/", deliveries.log, name="log"),
    path("webhooks/<int:pk>/settings/", webhooks.settings_of, name="webhook_settings"),
    path("webhooks/<int:pk>/test/", deliveries.test, name="webhook_test"),
    path("webhooks/<int:pk>/replays/", deliveries.replays, name="replays"),
    path("webhooks/<int:pk>/pause/", webhooks.pause, name="webhook_pause"),
    path("webhooks/<int:pk>/resumption/", webhooks.resumption, name="webhook_resumption"),
    path("webhooks/<int:pk>/secret/", webhooks.secret, name="webhook_secret"),
    path("webhooks/<int:pk>/retirement/", webhooks.retirement, name="webhook_retirement"),
    path("webhooks/<int:pk>/restoration/", webhooks.restoration, name="webhook_restoration"),
    path("webhooks/<int:pk>/deliveries/<int:delivery>/", deliveries.delivery, name="delivery"),
    path("webhooks/<int:pk>/deliveries/<int:delivery>/replay/", deliveries.replay, name="replay"),
]
