"""Doors. Every room says what is behind its own; here is only where they are."""

from __future__ import annotations

from allauth.account import urls as account_urls
from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path
from django.utils.translation import gettext_lazy as _
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from bookings import urls as booking_doors
from pos.amap import urls as baskets
from teraa import front, trust
from teraa.office.labels import name_fields
from teraa.office.navigation import say_when_empty
from teraa.office.registrations import keep_our_lists
from ticketing import urls as ticketing_doors

handler400 = "teraa.errors.bad_request"
handler403 = "teraa.errors.forbidden"
handler404 = "teraa.errors.not_found"
handler500 = "teraa.errors.server_error"

# The back office has no login form of its own: a code by mail, then back to where one wanted to go.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.index_title = _("Overview")
keep_our_lists()
name_fields()
say_when_empty()

# Nobody has a password here, and nobody opens an account by themselves: of allauth's pages only
# these are shown. Signing up says that it is closed.
ACCOUNT_PAGES = [
    page
    for page in account_urls.urlpatterns
    if page.name
    in {
        "account_confirm_login_code",
        "account_inactive",
        "account_login",
        "account_logout",
        "account_reauthenticate",
        "account_request_login_code",
        "account_signup",
    }
]

urlpatterns = [
    path("", front.front_door, name="front"),
    path("lieu/<slug:slug>/", front.front_door, name="venue"),
    path("language/", set_language, name="set_language"),
    path("trust/", trust.trust, name="trust"),
    path("trust/teraa-authority.crt", trust.certificate, name="trust_certificate"),
    path("", include("teraa.health")),
    path("", include("teraa.accounts.urls")),
    path("", include("teraa.venues.urls")),
    path("", include("teraa.settlement.urls")),
    path("", include("teraa.settlement.cases.urls")),
    path("", include("pos.urls")),
    path("", include("pos.amap.urls")),
    path("", include("pos.drawer.urls")),
    path("", include(baskets.public_patterns)),
    path("lieu/<slug:slug>/", include(baskets.public_patterns)),
    path("", include("teraa.spaces.urls")),
    path("", include("bookings.urls")),
    path("", include(booking_doors.public_patterns)),
    path("lieu/<slug:slug>/", include(booking_doors.public_patterns)),
    path("", include("ticketing.urls")),
    path("", include(ticketing_doors.public_patterns)),
    path("lieu/<slug:slug>/", include(ticketing_doors.public_patterns)),
    path("account/", include(ACCOUNT_PAGES)),
    path("api/agent/", include("teraa.devices.urls")),
    path("api/webhooks/", include("teraa.webhooks.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("demo/", include("teraa.demo.urls")),
    path("", include("teraa.compliance.urls")),
    path("office/", admin.site.urls),
]
