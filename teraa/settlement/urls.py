"""The doors of this room: where nodes post their hints, and where a due is paid from afar."""

from django.urls import path

from teraa.settlement.osm.views import take_hint
from teraa.settlement.views import pay, pay_state

urlpatterns = [
    path("hooks/node/<str:segment>/", take_hint, name="node-hook"),
    path("pay/<str:token>/", pay, name="pay"),
    path("pay/<str:token>/state/", pay_state, name="pay_state"),
]
