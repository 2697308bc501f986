from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LiveConfig(AppConfig):
    name = "teraa.live"
    label = "live"
    verbose_name = _("Machine room")
