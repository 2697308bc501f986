from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AmapConfig(AppConfig):
    name = "pos.amap"
    label = "amap"
    verbose_name = _("Farm baskets")

    def ready(self) -> None:
        from pos.amap import bootstrap, receivers

        receivers.register()
        bootstrap.register()
