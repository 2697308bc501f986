from django.apps import AppConfig


class FiscalConfig(AppConfig):
    name = "teraa.fiscal"
    label = "fiscal"
