from django.apps import AppConfig


class OsmConfig(AppConfig):
    name = "teraa.settlement.osm"
    label = "osm"
    default_auto_field = "django.db.models.BigAutoField"
