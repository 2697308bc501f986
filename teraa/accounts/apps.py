from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "teraa.accounts"
    label = "accounts"
