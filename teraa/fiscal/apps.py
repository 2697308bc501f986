from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FiscalConfig(AppConfig):
    name = "teraa.fiscal"
    label = "fiscal"
    verbose_name = _("Fiscal")

    def ready(self) -> None:
        from teraa.common.journal import set_sink
        from teraa.fiscal.journaling import keep_event

        set_sink(keep_event)
