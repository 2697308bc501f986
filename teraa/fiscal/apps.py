from django.apps import AppConfig


class FiscalConfig(AppConfig):
    name = "teraa.fiscal"
    label = "fiscal"

    def ready(self) -> None:
        from teraa.common.journal import set_sink
        from teraa.fiscal.journaling import keep_event

        set_sink(keep_event)
