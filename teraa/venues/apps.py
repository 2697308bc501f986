from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class VenuesConfig(AppConfig):
    name = "teraa.venues"
    label = "venues"
    verbose_name = _("Place")

    def ready(self) -> None:
        from teraa.live import pruning

        # drf-spectacular finds its extensions by their being imported.
        from teraa.venues import office_access, tries
        from teraa.venues import schema as schema

        office_access.watch()
        pruning.register("enrolment tries", tries.prune_tries)
