from django.contrib import admin
from django.urls import path

from teraa.compliance import views

urlpatterns = [
    path("office/compliance/", admin.site.admin_view(views.compliance), name="compliance"),
    path(
        "office/compliance/<slug:slug>/<slug:name>.pdf",
        admin.site.admin_view(views.paper),
        name="compliance_paper",
    ),
]
