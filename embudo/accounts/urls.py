"""The addresses of accounts."""

from django.urls import path

from embudo.accounts.views import doors, invitations, oneself, security, trail, users

app_name = "accounts"
urlpatterns = [
    path("sign-in/", doors.sign_in, name="sign_in"),
    path("sign-out/", doors.sign_out, name="sign_out"),
    path("set-up/", doors.set_up, name="set_up"),
    path("password/<str:uid>/<str:token>/", doors.new_password, name="new_password"),
    path("me/", oneself.profile, name="profile"),
    path("me/password/", oneself.password, name="password"),
    path("preferences/", oneself.preferences, name="preferences"),
    path("users/", users.users, name="users"),
    path("users/new/", invitations.new, name="user_new"),
    path("users/invitations/<int:pk>/renewal/", invitations.renewal, name="renewal"),
    path("users/invitations/<int:pk>/revocation/", invitations.revocation, name="revocation"),
    path("users/second-step/", users.second_step_rules, name="second_step_rules"),
    path("users/<int:pk>/", users.user, name="user"),
    path("users/<int:pk>/deactivation/", users.deactivation, name="deactivation"),
    path("users/<int:pk>/activation/", users.activation, name="activation"),
    path("users/<int:pk>/password-link/", users.password_link, name="password_link"),
    path("users/<int:pk>/second-step/reset/", users.second_step_reset, name="second_step_reset"),
    path("users/<int:pk>/sessions/end/", users.sessions_end, name="sessions_end"),
    path("invitation/<str:token>/", invitations.accept, name="accept"),
    path("me/sessions/<int:pk>/end/", security.end_session, name="session_end"),
    path("me/sessions/end/", security.end_others, name="sessions_end_others"),
    path("me/security/providers/<int:pk>/removal/", security.unlink, name="provider_unlink"),
    path("changes/", trail.trail, name="audit"),
]
