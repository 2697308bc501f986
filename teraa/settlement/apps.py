from django.apps import AppConfig


class SettlementConfig(AppConfig):
    name = "teraa.settlement"
    label = "settlement"
