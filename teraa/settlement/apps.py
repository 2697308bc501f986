from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SettlementConfig(AppConfig):
    name = "teraa.settlement"
    label = "settlement"
    verbose_name = _("Money")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from teraa.live import gauges
        from teraa.settlement import effects, hooks

        hooks.register_kinds()
        gauges.register(
            name="effects",
            help="Effects that are not handled yet",
            read=effects.counts,
            label="state",
        )
