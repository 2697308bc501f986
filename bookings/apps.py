from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BookingsConfig(AppConfig):
    name = "bookings"
    label = "bookings"
    verbose_name = _("Bookings")

    def ready(self) -> None:
        from bookings import bootstrap, hooks, receivers

        bootstrap.register()
        hooks.register_kinds()
        receivers.register()
