from django.apps import AppConfig


class SettlementConfig(AppConfig):
    name = "teraa.settlement"
    label = "settlement"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from teraa.live import gauges
        from teraa.settlement import effects

        gauges.register(
            name="effects",
            help="Effects that are not handled yet",
            read=effects.counts,
            label="state",
        )
