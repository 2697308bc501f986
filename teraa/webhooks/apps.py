from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class WebhooksConfig(AppConfig):
    name = "teraa.webhooks"
    label = "webhooks"
    verbose_name = _("Webhooks")

    def ready(self) -> None:
        from teraa.live import gauges, pruning
        from teraa.webhooks import kinds, queries
        from teraa.webhooks.pruning import prune_deliveries

        kinds.register(kind=kinds.PING, description=_("A test, sent when somebody asks for it"))
        pruning.register("webhook deliveries", prune_deliveries)
        gauges.register(
            name="webhook_deliveries",
            help="Webhook deliveries that are not over, and endpoints that do not answer",
            read=queries.counts,
            label="state",
        )
