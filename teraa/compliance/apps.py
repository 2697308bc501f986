from django.apps import AppConfig


class ComplianceConfig(AppConfig):
    name = "teraa.compliance"
    label = "compliance"
