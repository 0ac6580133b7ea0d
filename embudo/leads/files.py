"""Files that people here attach to a person: which are taken, where they lie, and that they go with the person.

A file is an ordinary record. Its content lies in the data folder under a random name; what it was called is only in the
table. Whoever was merged keeps their files, and the page of the survivor shows them.
"""

import os
import secrets
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from embudo.core.event import DAY
from embudo.leads import lock, sql
from embudo.leads.clock import now
from embudo.leads.models import PersonFile
from embudo.leads.pointers import shown_by
from embudo.leads.showing import BadValue

FOLDER = "files"
LARGEST_MB = 20
MOST = 50  # files of one person
NAME_LENGTH = 150
REMOVED_FOR = DAY  # how long a removed file can be brought back

_ZIP, _OLE, _TEXT = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b""
OFFICE = "application/vnd.openxmlformats-officedocument"
TYPES = {  # ending -> what it is served as, and how its content begins; a text holds no NUL
    "pdf": ("application/pdf", (b"%PDF-",)),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",)),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "jpeg": ("image/jpeg", (b"\xff\xd8\xff",)),
    "gif": ("image/gif", (b"GIF87a", b"GIF89a")),
    "webp": ("image/webp", (b"RIFF",)),
    "docx": (f"{OFFICE}.wordprocessingml.document", (_ZIP,)),
    "xlsx": (f"{OFFICE}.spreadsheetml.sheet", (_ZIP,)),
    "pptx": (f"{OFFICE}.presentationml.presentation", (_ZIP,)),
    "odt": ("application/vnd.oasis.opendocument.text", (_ZIP,)),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", (_ZIP,)),
    "odp": ("application/vnd.oasis.opendocument.presentation", (_ZIP,)),
    "doc": ("application/msword", (_OLE,)),
    "xls": ("application/vnd.ms-excel", (_OLE,)),
    "ppt": ("application/vnd.ms-powerpoint", (_OLE,)),
    "txt": ("text/plain", (_TEXT,)),
    "md": ("text/plain", (_TEXT,)),
    "csv": ("text/csv", (_TEXT,)),
    "eml": ("message/rfc822", (_TEXT,)),
    "vcf": ("text/vcard", (_TEXT,)),
}


def of(people: Collection[int]) -> list[PersonFile]:
    """Return the files of a person and of all who were merged into them, newest first."""
    there = PersonFile.objects.filter(person_id__in=people, removed_at=None)
    return list(there.select_related("by").order_by("-at", "-id"))


def attach(person: int, people: Collection[int], upload: Any, *, by: Any) -> PersonFile:
    """Keep an uploaded file of a person; raises BadValue, in words for people, when it is none that is taken."""
    purge()
    name = name_of(upload.name or "")
    ending = _checked(name, upload)
    if PersonFile.objects.filter(person_id__in=people, removed_at=None).count() >= MOST:
        raise BadValue(_("A person has at most %(most)s files. Remove one first.") % {"most": MOST})
    key = secrets.token_hex(16)
    _write(path_of(key), upload)
    with transaction.atomic():
        lock.putting()
        if person in (shown := shown_by([person])):
            who, _root = shown[person]
            return PersonFile.objects.create(
                person_id=who, name=name, ending=ending, size=upload.size, key=key, by=by, at=now()
            )
    path_of(key).unlink()
    raise BadValue(_("There is no such person."))


def name_of(text: str) -> str:
    """Return what a file is called: no folders, nothing that is not to be seen."""
    last = text.replace("\\", "/").rpartition("/")[2]
    shown = "".join(each for each in last if each.isprintable()).strip(" .")
    stem, _dot, ending = shown.rpartition(".")
    return f"{stem[: NAME_LENGTH - len(ending) - 1]}.{ending}" if stem and len(ending) < 10 else shown[:NAME_LENGTH]


def path_of(key: str) -> Path:
    """Return where a file lies."""
    if len(key) != 32 or not set(key) <= set("0123456789abcdef"):
        raise ValueError(key)
    return Path(settings.EMBUDO.data / FOLDER / key[:2] / key)


def remove(found: PersonFile) -> None:
    """Take a file off the page; for a day it can be brought back."""
    PersonFile.objects.filter(pk=found.pk).update(removed_at=now())


def bring_back(found: PersonFile) -> bool:
    """Bring a removed file back; return whether its content is still there."""
    if not path_of(found.key).exists():
        return False
    return PersonFile.objects.filter(pk=found.pk).update(removed_at=None) == 1


def purge() -> None:
    """Delete the files that were removed more than a day ago."""
    gone = PersonFile.objects.filter(removed_at__lt=now() - REMOVED_FOR)[:200]
    _delete((each.pk, each.key) for each in gone)


def move(where: Collection[tuple[int, int]]) -> None:
    """Let files of visitors (first) be those of the people they turned out to be."""
    moved = [(person, visitor) for visitor, person in where]
    sql.many("UPDATE leads_personfile SET person_id = %s WHERE person_id = %s", moved)


def forget(people: Collection[int]) -> None:
    """Delete the files of people who were erased: first the contents, so that none is left if this is cut short."""
    _delete(sql.rows_where("id, key", "leads_personfile", "person_id", people))


def _delete(found: Iterable[tuple[int, str]]) -> None:
    for number, key in list(found):
        path_of(key).unlink(missing_ok=True)
        sql.one("DELETE FROM leads_personfile WHERE id = %s", [number])


def _checked(name: str, upload: Any) -> str:
    ending = name.rpartition(".")[2].lower()
    if ending not in TYPES:
        known = ", ".join(dict.fromkeys(TYPES))
        raise BadValue(
            _("“%(name)s” is of a kind that is not taken. Taken are: %(kinds)s.") % {"name": name, "kinds": known}
        )
    if not upload.size:
        raise BadValue(_("“%(name)s” is empty. Choose another file.") % {"name": name})
    if upload.size > LARGEST_MB * 1_000_000:
        words = _("“%(name)s” is larger than %(most)s MB. Attach a smaller one, or write where it lies in a note.")
        raise BadValue(words % {"name": name, "most": LARGEST_MB})
    begins = TYPES[ending][1]
    head = upload.read(8192)
    upload.seek(0)
    is_text = begins == (_TEXT,)
    if (is_text and b"\0" in head) or not head.startswith(begins):
        words = _("“%(name)s” does not hold what its ending says. Save it anew in the program it comes from.")
        raise BadValue(words % {"name": name})
    return ending


def _write(path: Path, upload: Any) -> None:
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        for chunk in upload.chunks():
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
