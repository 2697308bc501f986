from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "teraa.demo"
    label = "demo"
