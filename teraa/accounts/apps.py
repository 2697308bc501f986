from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "teraa.accounts"
    label = "accounts"
    verbose_name = _("People")

    def ready(self) -> None:
        from teraa.accounts import mail, operations
        from teraa.live import gauges, pruning, topics

        topics.register(mail.TOPIC, _defer_sending)
        pruning.register("mails", mail.prune_mails)
        pruning.register("sign-in links", operations.prune_links)
        gauges.register(
            name="mails",
            help="Stored mails by state, sent ones left out",
            read=mail.unsent,
            label="state",
        )


def _defer_sending(**news: object) -> None:
    # procrastinate's application, and with it the job, exists only once all rooms are ready.
    from teraa.accounts.jobs import defer_sending

    defer_sending(**news)  # type: ignore[arg-type]
