from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OsmConfig(AppConfig):
    name = "teraa.settlement.osm"
    label = "osm"
    verbose_name = _("OSM network")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from teraa.live import gauges, pruning
        from teraa.settlement.osm import availability
        from teraa.settlement.osm.ingest import hooks

        pruning.register("node hints", hooks.forget_old_hints)
        gauges.register(
            name="osm_height",
            help="Height read, and height of the node",
            read=availability.heights,
            label="of",
        )
