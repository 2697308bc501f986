"""The devices room."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DevicesConfig(AppConfig):
    name = "teraa.devices"
    label = "devices"
    verbose_name = _("Devices")

    def ready(self) -> None:
        from teraa.devices.queries import jobs_by_state
        from teraa.live import gauges

        gauges.register(
            name="print_jobs",
            help="Print jobs that are not confirmed, by state",
            read=jobs_by_state,
            label="state",
        )
