"""One settings file; values come from the environment (docs/operations.md lists every one)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE, WASM_UNSAFE_EVAL
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from environs import Env

env = Env()

BASE_DIR = Path(__file__).resolve().parent.parent

TERAA_DATA = Path(env.str("TERAA_DATA", str(BASE_DIR / ".data"))).resolve()
TERAA_PORT = env.int("TERAA_PORT", 8000)
TERAA_SCHEME = env.str("TERAA_SCHEME", "http")
TERAA_DEMO = env.bool("TERAA_DEMO", False)
TERAA_KEYS = env.path("TERAA_KEYS", None)
TERAA_LIVE_PORT = env.int("TERAA_LIVE_PORT", TERAA_PORT + 1)
# Behind a reverse proxy both processes share one origin: then this is empty.
TERAA_LIVE_URL = env.str("TERAA_LIVE_URL", "")
TERAA_NODE_URL = env.str("TERAA_NODE_URL", f"http://127.0.0.1:{TERAA_PORT + 3}")
# Several nodes, our own first; empty: the one above.
TERAA_NODE_URLS: list[str] = env.list("TERAA_NODE_URLS", [])
TERAA_NODE_HOOKS_URL = env.str("TERAA_NODE_HOOKS_URL", f"http://127.0.0.1:{TERAA_PORT + 4}")
TERAA_NODE_NETHASH = env.str("TERAA_NODE_NETHASH", "")
TERAA_VERIFY_BLOCKS = env.str("TERAA_VERIFY_BLOCKS", "signatures")
TERAA_HOOK_BASE = env.str("TERAA_HOOK_BASE", f"http://127.0.0.1:{TERAA_PORT}")
# Lets a Prometheus on another machine read /metrics; without it only this machine may.
TERAA_METRICS_TOKEN = env.str("TERAA_METRICS_TOKEN", "")
# Webhooks and rate feeds in private networks and without TLS: for demonstrations and tests.
TERAA_HOOKS_TO_PRIVATE = env.bool("TERAA_HOOKS_TO_PRIVATE", TERAA_DEMO)
TERAA_PAPER_DIR = env.path("TERAA_PAPER_DIR", TERAA_DATA / "paper")

SECRET_KEY = env.str("TERAA_SECRET_KEY", "")
if not SECRET_KEY:
    _secret = TERAA_DATA / "secret"
    # Commands that never meet a browser (makemigrations, checks) may run without one.
    SECRET_KEY = _secret.read_text().strip() if _secret.exists() else "not-for-serving"
DEBUG = env.bool("TERAA_DEBUG", False)
ALLOWED_HOSTS = env.list("TERAA_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("TERAA_TRUSTED_ORIGINS", [])

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "allauth",
    "allauth.account",
    "axes",
    "channels",
    "procrastinate.contrib.django",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "teraa.common",
    "teraa.live",
    "teraa.accounts",
    "teraa.venues",
    "teraa.webhooks",
    "teraa.fiscal",
    "teraa.devices",
    "teraa.spaces",
    "teraa.settlement",
    "teraa.settlement.osm",
    "teraa.settlement.cases",
    "pos",
    "bookings",
    "pos.amap",
    "pos.drawer",
    "ticketing",
    "teraa.compliance",
    "teraa.demo",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "teraa.office.policy.OfficePolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "teraa.office.policy.OfficeClockMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "teraa.urls"
WSGI_APPLICATION = "teraa.wsgi.application"
ASGI_APPLICATION = "teraa.asgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "teraa.pages.page_context",
            ],
        },
    }
]
# Unfold and allauth bring their own widgets; ours come first, then Django's.
INSTALLED_APPS.insert(0, "django.forms")

# -- database: the application's role owns nothing; only migrations use the owner's ------------
_database_variable = (
    "DATABASE_OWNER_URL" if env.str("TERAA_ROLE", "") == "owner" else "DATABASE_URL"
)
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.dj_db_url(
        _database_variable, "postgres://teraa_app@127.0.0.1:5432/teraa", conn_max_age=None
    )
}
DATABASES["default"]["CONN_MAX_AGE"] = None
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["OPTIONS"].setdefault("application_name", env.str("TERAA_PART", "teraa"))
DATABASES["default"]["OPTIONS"].setdefault("connect_timeout", 5)
DATABASES["default"]["ATOMIC_REQUESTS"] = False

# -- sockets: memory inside each live process; the relay's NOTIFY feeds it ---------------------
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "teraa.live.layer.SweptLayer",
        # A burst of sales must not fill the queue of a socket that is slow for a moment.
        "CONFIG": {"capacity": 1000},
    }
}

# -- background work: each room's jobs.py --------------------------------------------------------
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

# -- people: sign in by a code sent by mail; staff use a PIN on an enrolled station -------------
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "teraa.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 3
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 300
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
LOGIN_URL = reverse_lazy("account_request_login_code")
LOGIN_REDIRECT_URL = "/office/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 1
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_VERBOSE = False

# -- mail: stored first, sent by a job ----------------------------------------------------------
EMAIL_BACKEND = "teraa.accounts.mail.StoredEmailBackend"
TERAA_MAIL_URL = env.str("TERAA_MAIL_URL", "")  # smtp://user:password@host:587/?tls=1
DEFAULT_FROM_EMAIL = env.str("TERAA_MAIL_FROM", "TERAA <noreply@localhost>")

# -- API ----------------------------------------------------------------------------------------
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["teraa.venues.authentication.StationAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["teraa.venues.permissions.StationRequired"],
    "DEFAULT_PARSER_CLASSES": ["teraa.common.parsers.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "teraa.common.problem_responses.exception_handler",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "TERAA",
    "DESCRIPTION": "Point of sale, bookings and ticketing for cooperative venues.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/",
    "ENUM_NAME_OVERRIDES": {
        "SaleState": "pos.states.SaleState",
        "BasketState": "pos.amap.states.BasketState",
        "ShiftState": "pos.drawer.states.ShiftState",
        "DueState": "teraa.settlement.states.DueState",
        "MoneyActionEnum": "teraa.settlement.cases.states.Action",
        "MoneyCaseActionEnum": "teraa.settlement.cases.states.CASE_ACTIONS",
        "RefundActionEnum": "teraa.settlement.cases.states.REFUND_ACTIONS",
        "RefundVariantEnum": "teraa.settlement.cases.states.Variant",
        "WebhookDeliveryState": "teraa.webhooks.states.DeliveryState",
        "OfferKind": "bookings.states.OfferKind",
        "BookingState": "bookings.states.BookingState",
        "WaitingState": "bookings.states.WaitingState",
        "PayoutState": "teraa.settlement.states.PayoutState",
        "PaymentKind": ["cash", "card", "osm"],
        "DirectionEnum": ["in", "out"],
    },
}

# -- texts --------------------------------------------------------------------------------------
LANGUAGE_CODE = "fr"
FORMAT_MODULE_PATH = "teraa.common.formats"
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"  # what is stored; pages show the venue's zone
USE_TZ = True
USE_I18N = True

# -- static files -------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = TERAA_DATA / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "teraa.common.static_files.GzippedStaticFilesStorage"},
}
# Our modules import each other by relative path: hashed names would break them. They are
# revalidated (a 304 costs a millisecond on a till's network); the vendored ones carry versions.
WHITENOISE_MAX_AGE = 0
WHITENOISE_IMMUTABLE_FILE_TEST = r"/vendor/[^/]+@[^/]+/"
WHITENOISE_USE_FINDERS = DEBUG

# -- what a browser may do ----------------------------------------------------------------------
_live_sources = [TERAA_LIVE_URL] if TERAA_LIVE_URL else ["ws:", "wss:"]
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "EXCLUDE_URL_PREFIXES": ["/api/docs/"],
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF, *_live_sources],
        "font-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
}
# Unfold's Alpine evaluates expressions and sets styles inline: only behind /office/.
OFFICE_CONTENT_SECURITY_POLICY = {
    "script-src": [SELF, UNSAFE_EVAL, NONCE],
    "style-src": [SELF, UNSAFE_INLINE],
}
# A gate whose browser cannot read codes reads them with a WebAssembly module: only on its page.
GATE_CONTENT_SECURITY_POLICY = {"script-src": [WASM_UNSAFE_EVAL]}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "teraa.errors.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TERAA_SCHEME == "https"
if env.bool("TERAA_BEHIND_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# -- logs ---------------------------------------------------------------------------------------
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("TERAA_LOG_LEVEL", "INFO")},
    "loggers": {
        # Each would otherwise write a line for every look at the chain or the queue.
        name: {"level": "WARNING"}
        for name in ("axes", "httpcore", "httpx", "procrastinate")
    },
}

# -- back office --------------------------------------------------------------------------------
# The accent of the house, from nearly white to nearly black.
_GREENS = {
    "50": "oklch(97.5% .015 165)",
    "100": "oklch(94% .035 165)",
    "200": "oklch(88% .065 165)",
    "300": "oklch(80% .095 165)",
    "400": "oklch(71% .12 165)",
    "500": "oklch(60% .115 165)",
    "600": "oklch(48.5% .1 165)",
    "700": "oklch(42% .085 165)",
    "800": "oklch(36% .07 165)",
    "900": "oklch(30% .055 165)",
    "950": "oklch(22% .04 165)",
}
UNFOLD = {
    "SITE_TITLE": "TERAA",
    "SITE_HEADER": "TERAA",
    "SITE_SUBHEADER": _("Back office"),
    "SITE_URL": "/",
    "SITE_ICON": "teraa.office.navigation.icon",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "teraa.office.navigation.icon"}
    ],
    "SHOW_HISTORY": False,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "COLORS": {"primary": _GREENS},
    "STYLES": ["teraa.office.navigation.stylesheet"],
    "ENVIRONMENT": "teraa.office.navigation.environment",
    "DASHBOARD_CALLBACK": "teraa.office.dashboard.dashboard",
    "SIDEBAR": {"show_search": True, "navigation": "teraa.office.navigation.navigation"},
}
SILENCED_SYSTEM_CHECKS: list[str] = []
