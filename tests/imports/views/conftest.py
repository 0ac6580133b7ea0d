"""Somebody of marketing who brings files in, on an install of their own whose long work is done at once."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from embudo.accounts.models import User
from embudo.config import Config
from embudo.imports.models import Upload
from embudo.leads.models import ImportRun
from embudo.work import run as worker
from embudo.work.models import Job


@dataclass
class Marketer:
    """Uses the screens of imports."""

    client: Client

    def brings(self, name: str, content: bytes, kind: str = "people") -> Upload:
        """Send a file and confirm how it is read."""
        answer = self.client.post("/imports/new/", {"file": SimpleUploadedFile(name, content), "kind": kind})
        assert answer.status_code == 302, problems_of(answer)
        upload = Upload.objects.latest("id")
        answer = self.client.post(f"/imports/{upload.pk}/file/", self.shown(f"/imports/{upload.pk}/file/"))
        assert answer.status_code == 302, problems_of(answer)
        return Upload.objects.get(pk=upload.pk)

    def tries(self, upload: Upload, **changes: str) -> Upload:
        """Confirm the columns as they stand, with changes, and have the trial done."""
        address = f"/imports/{upload.pk}/columns/"
        answer = self.client.post(address, self.shown(address) | changes)
        assert answer.status_code == 302, problems_of(answer)
        works()
        return Upload.objects.get(pk=upload.pk)

    def starts(self, upload: Upload) -> ImportRun:
        """Bring the file in and have it done."""
        self.asks(upload)
        works()
        run = Upload.objects.get(pk=upload.pk).run
        assert run is not None
        return run

    def asks(self, upload: Upload) -> None:
        """Press the button that brings a file in."""
        trial = upload.check_job_id or Upload.objects.get(pk=upload.pk).check_job_id
        self.client.post(f"/imports/{upload.pk}/start/", {"trial": trial or ""})

    def undoes(self, run: ImportRun) -> None:
        """Take an import back and have it done."""
        assert self.client.post(f"/imports/runs/{run.pk}/undo/").status_code == 302
        works()

    def shown(self, address: str) -> dict[str, str]:
        """What the form of a page holds when nothing in it is touched."""
        return form_of(self.client.get(address).content.decode())


def problems_of(answer: Any) -> list[str]:
    """What a page says is wrong."""
    return re.findall(r'(?:field-error"[^>]*>|role="alert">.*?<div>)(.*?)</div>', answer.content.decode(), re.S)


def works() -> None:
    """Do all long work that waits."""
    while job := Job.claim("test"):
        worker.do(job, threading.Event())
        job.refresh_from_db()
        assert job.state == "done", job.trouble


def form_of(page: str) -> dict[str, str]:
    """Return what the fields of a page hold."""
    from html.parser import HTMLParser

    found: dict[str, str] = {}

    class Fields(HTMLParser):
        select = ""

        def handle_starttag(self, tag: str, pairs: Any) -> None:
            given = dict(pairs)
            name = given.get("name", "")
            if tag == "select":
                self.select = name
            elif tag == "option" and self.select and ("selected" in given or self.select not in found):
                found[self.select] = given.get("value", "")
            elif (
                tag == "input"
                and name
                and (given.get("type") not in ("checkbox", "file", "submit") or "checked" in given)
            ):
                found[name] = "on" if given.get("type") == "checkbox" else given.get("value", "")

        def handle_endtag(self, tag: str) -> None:
            if tag == "select":
                self.select = ""

    Fields().feed(page)
    return found


@pytest.fixture
def here(config: Config, settings: Any, transactional_db: None) -> Config:
    """The install as the site's own."""
    settings.EMBUDO = config
    return config


@pytest.fixture
def signed_in(here: Config) -> Callable[[str], Client]:
    """Return a browser of somebody with a role."""

    def sign_in(role: str) -> Client:
        user = User.objects.create_user(f"{role}@norte.example", "una frase larga", name=role, role=role)
        client = Client(headers={"accept-language": "en"})
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def marketer(signed_in: Callable[[str], Client]) -> Marketer:
    return Marketer(signed_in("marketing"))
