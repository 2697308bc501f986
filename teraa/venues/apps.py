from django.apps import AppConfig


class VenuesConfig(AppConfig):
    name = "teraa.venues"
    label = "venues"

    def ready(self) -> None:
        # drf-spectacular finds its extensions by their being imported.
        from teraa.venues import schema  # noqa: F401
