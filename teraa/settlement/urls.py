"""The one door of this room: where nodes post their hints."""

from django.urls import path

from teraa.settlement.osm.views import take_hint

urlpatterns = [
    path("hooks/node/<str:segment>/", take_hint, name="node-hook"),
]
