from django.apps import AppConfig


class PosConfig(AppConfig):
    name = "pos"
    label = "pos"

    def ready(self) -> None:
        from pos import bootstrap, receivers

        receivers.register()
        bootstrap.register()
