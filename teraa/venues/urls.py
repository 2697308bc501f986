"""Doors of this room, below the root."""

from __future__ import annotations

from django.urls import path

from teraa.venues import api, views

app_name = "venues"

urlpatterns = [
    path("till/enter/<str:code>/", views.enter_till, name="enter_till"),
    path("api/stations/enrol/", api.EnrolView.as_view(), name="enrol"),
    path("api/till/", api.TillView.as_view(), name="till"),
    path("api/till/sign-on/", api.SignOnView.as_view(), name="sign_on"),
    path("api/till/silence/", api.SilenceView.as_view(), name="silence"),
    path("api/till/sign-off/", api.SignOffView.as_view(), name="sign_off"),
]
