"""HTTP: ``granian --interface wsgi teraa.wsgi:application``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "teraa.settings")
house = get_wsgi_application()

# Models can be imported only now.
from teraa.settlement.osm.porch import Porch  # noqa: E402

application = Porch(house)
