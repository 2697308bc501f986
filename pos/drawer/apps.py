from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DrawerConfig(AppConfig):
    name = "pos.drawer"
    label = "drawer"
    verbose_name = _("Cash drawers")
