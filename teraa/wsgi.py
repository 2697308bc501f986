"""HTTP: ``granian --interface wsgi teraa.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "teraa.settings")
application = get_wsgi_application()
