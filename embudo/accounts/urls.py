"""The addresses of accounts."""

from django.urls import path

from embudo.accounts.views import doors, oneself, users

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
    path("users/new/", users.new, name="user_new"),
    path("users/<int:pk>/", users.user, name="user"),
    path("users/<int:pk>/deactivation/", users.deactivation, name="deactivation"),
    path("users/<int:pk>/activation/", users.activation, name="activation"),
    path("users/<int:pk>/password-link/", users.password_link, name="password_link"),
    path("changes/", users.trail, name="audit"),
]
