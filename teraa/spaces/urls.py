"""Doors of the spaces."""

from django.urls import path

from teraa.spaces import views

urlpatterns = [path("feeds/<str:secret>/calendar.ics", views.feed, name="feed")]
