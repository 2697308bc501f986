from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TicketingConfig(AppConfig):
    name = "ticketing"
    label = "ticketing"
    verbose_name = _("Ticketing")

    def ready(self) -> None:
        from teraa.live import topics
        from ticketing import receivers
        from ticketing.models import FILES_TOPIC

        receivers.register()
        topics.register(FILES_TOPIC, _defer_making)


def _defer_making(**news: object) -> None:
    # procrastinate's application, and with it the job, exists only once all rooms are ready.
    from ticketing.jobs import defer_making

    defer_making(**news)  # type: ignore[arg-type]
