from django.apps import AppConfig


class OsmConfig(AppConfig):
    name = "teraa.settlement.osm"
    label = "osm"
