"""Doors for agents, below /api/agent/."""

from django.urls import path

from teraa.devices.api import LeaseView, ReportView

app_name = "devices"
urlpatterns = [
    path("lease/", LeaseView.as_view(), name="lease"),
    path("jobs/<uuid:key>/report/", ReportView.as_view(), name="report"),
]
