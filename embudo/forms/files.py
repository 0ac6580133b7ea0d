"""The file people get for filling in a form: what may be put up, and how it is kept and given out."""

import re
import unicodedata
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _

from embudo.accounts.models import User
from embudo.forms.models import File, Piece
from embudo.ui import figures

MOST_BYTES = 20 * 1024 * 1024
PIECE_BYTES = 256 * 1024  # one write of this is far below 50 ms
ZIP = b"PK\x03\x04"
# What may be given out: by its ending, its type and how such a file begins. Nothing a browser would run.
TYPES: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "pdf": ("application/pdf", (b"%PDF-",)),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", (ZIP,)),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (ZIP,)),
    "pptx": ("application/vnd.openxmlformats-officedocument.presentationml.presentation", (ZIP,)),
    "odt": ("application/vnd.oasis.opendocument.text", (ZIP,)),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", (ZIP,)),
    "epub": ("application/epub+zip", (ZIP,)),
    "zip": ("application/zip", (ZIP,)),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "mp3": ("audio/mpeg", (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")),
}
ODD = re.compile(r"[^\w .()+-]+")


class BadFile(ValueError):
    """It cannot be given out; the message says why and what to do."""


def keep(upload: UploadedFile, *, by: User | None) -> File:
    """Keep an upload in pieces and return it; raises BadFile."""
    name, ending = _named(upload.name or "")
    kind = TYPES.get(ending)
    if kind is None:
        raise BadFile(
            _("Such a file is not given out. Choose one of these kinds: %(kinds)s.") % {"kinds": ", ".join(TYPES)}
        )
    if upload.size is None or upload.size > MOST_BYTES:
        words = _("The file is larger than %(most)s MB. Make it smaller, or put it on your site and lead there.")
        raise BadFile(words % {"most": figures.number(MOST_BYTES // 1024 // 1024)})
    beginning = upload.read(16)
    if not beginning.startswith(kind[1]):
        raise BadFile(_("Its content is not that of a file of the kind .%(ending)s.") % {"ending": ending})
    upload.seek(0)
    file = File.objects.create(name=name, type=kind[0], size_bytes=upload.size, sha256="", by=by)
    digest = sha256()
    for number, body in enumerate(_pieces(upload)):
        digest.update(body)
        Piece(file=file, number=number, body=body).save()
    file.sha256, file.whole = digest.hexdigest(), True
    file.save(update_fields=["sha256", "whole"])
    return file


def body_of(file: File) -> Iterator[bytes]:
    """Yield the content of a file, a piece at a time."""
    for number in file.pieces.order_by("number").values_list("number", flat=True):
        yield bytes(file.pieces.get(number=number).body)


def _pieces(upload: Any) -> Iterator[bytes]:
    while body := upload.read(PIECE_BYTES):
        yield body


def _named(given: str) -> tuple[str, str]:
    """A name without folders, control characters or a second meaning, and its ending."""
    last = unicodedata.normalize("NFC", given).replace("\\", "/").rsplit("/", 1)[-1]
    stem, dot, ending = last.rpartition(".")
    stem = " ".join(ODD.sub(" ", stem).split()).strip(". ")[:80] or "file"
    ending = {"jpeg": "jpg"}.get(ending.lower(), ending.lower()) if dot else ""
    return f"{stem}.{ending}", ending
