"""Doors of this room."""

from django.urls import path

from teraa.webhooks import api

urlpatterns = [
    path("endpoints/", api.EndpointsView.as_view()),
    path("endpoints/<uuid:key>/", api.EndpointView.as_view()),
    path("endpoints/<uuid:key>/rotate/", api.RotateView.as_view()),
    path("endpoints/<uuid:key>/ping/", api.PingView.as_view()),
    path("deliveries/", api.DeliveriesView.as_view()),
    path("deliveries/<uuid:key>/", api.DeliveryView.as_view()),
    path("deliveries/<uuid:key>/redeliver/", api.RedeliverView.as_view()),
    path("events/", api.KindsView.as_view()),
]
