from django.apps import AppConfig


class LiveConfig(AppConfig):
    name = "teraa.live"
    label = "live"
