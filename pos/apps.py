from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PosConfig(AppConfig):
    name = "pos"
    label = "pos"
    verbose_name = _("Till")

    def ready(self) -> None:
        from pos import bootstrap, receivers

        receivers.register()
        bootstrap.register()
