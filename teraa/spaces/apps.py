from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SpacesConfig(AppConfig):
    name = "teraa.spaces"
    label = "spaces"
    verbose_name = _("Spaces")

    def ready(self) -> None:
        from teraa.live import pruning
        from teraa.spaces import operations

        pruning.register("claims", operations.prune_claims)
