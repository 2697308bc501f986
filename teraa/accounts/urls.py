"""Doors of this room, below the root (allauth's are included beside it, below /account/)."""

from __future__ import annotations

from django.urls import path

from teraa.accounts import views

app_name = "accounts"

urlpatterns = [path("enter/<str:secret>/", views.enter, name="enter")]
