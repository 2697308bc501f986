"""Doors of ticketing. ``public_patterns`` are relative to a venue: at the root, and below its name."""

from django.urls import path

from ticketing import api, views

public_patterns = [
    path("events/", views.events, name="events"),
    path("events/<slug:event>/", views.event, name="event"),
    path("events/o/<slug:secret>/", views.order, name="ticket_order"),
    path("events/o/<slug:secret>/cancel/", views.cancel, name="ticket_order_cancel"),
    path("events/o/<slug:secret>/tickets.pdf", views.pdf, name="ticket_order_pdf"),
]
urlpatterns = [
    path("gate/", views.gate, name="gate"),
    path("gate/enter/<str:code>/", views.enter_gate, name="enter_gate"),
    path("api/ticketing/gate/", api.GateView.as_view()),
    path("api/ticketing/scans/", api.ScansView.as_view()),
    path("api/ticketing/<slug:slug>/events/", api.EventsView.as_view()),
    path("api/ticketing/<slug:slug>/events/<slug:event>/", api.EventView.as_view()),
    path("api/ticketing/<slug:slug>/orders/", api.OrdersView.as_view()),
    path("api/ticketing/<slug:slug>/orders/<slug:secret>/", api.OrderView.as_view()),
    path("api/ticketing/<slug:slug>/orders/<slug:secret>/cancel/", api.OrderCancelView.as_view()),
]
