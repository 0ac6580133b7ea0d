"""The site as a WSGI application, for Granian or any other server."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import resolve

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "embudo.settings")
application = get_wsgi_application()
resolve("/")  # loads every address and what it needs, so that no reader waits for it
gc.collect()
gc.freeze()  # what stays for good is not looked through again: a full collection took 94 ms of somebody's page
