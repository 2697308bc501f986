from django.apps import AppConfig


class VenuesConfig(AppConfig):
    name = "teraa.venues"
    label = "venues"
