"""The site as a WSGI application, for Granian or any other server."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import resolve

from embudo.memory import PAGE, collect_seldom

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "embudo.settings")
application = get_wsgi_application()
resolve("/")  # loads every address and what it needs, so that no reader waits for it
collect_seldom(after=PAGE)
