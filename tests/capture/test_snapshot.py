"""What the collector is told: complete, without secrets, whole at any instant."""

import json
import threading
from typing import Any

import pytest

from embudo import whole_file
from embudo.capture import snapshot
from embudo.capture.models import Site, WriteKey
from embudo.collector.sites import Sites
from embudo.config import Config
from embudo.core.event import Door


def published(here: Config) -> list[dict[str, Any]]:
    return json.loads((here.data / "sites.json").read_text())["sites"]


def test_the_snapshot_holds_site_and_keys_and_of_a_secret_key_only_the_hash(here: Config, site: Site) -> None:
    key, text = WriteKey.secret_of(site, label="shop")
    key.save()
    snapshot.publish(here)
    [told] = published(here)
    assert told == {
        "id": site.public_id,
        "name": "Norte",
        "mode": "implied",
        "domains": ["norte.example"],
        "keys": [{"key": site.public_key.text, "door": "public"}, {"key_sha256": key.sha256, "door": "secret"}],
    }
    assert text not in (here.data / "sites.json").read_text()


def test_the_collector_finds_both_keys_by_what_a_sender_gives(here: Config, site: Site) -> None:
    key, text = WriteKey.secret_of(site, label="shop")
    key.save()
    snapshot.publish(here)
    sites = Sites(here.data / "sites.json")
    assert sites.find(site.public_key.text).door is Door.PUBLIC
    assert sites.find(text).door is Door.SECRET
    assert sites.find(text).site.id == site.public_id
    assert sites.find(key.sha256) is None
    assert sites.find(f"sha256:{key.sha256}") is None


def test_a_revoked_key_is_told_no_more(here: Config, site: Site) -> None:
    site.keys.update(revoked_at=site.created_at)
    snapshot.publish(here)
    assert published(here)[0]["keys"] == []


def test_nothing_new_writes_nothing(here: Config, site: Site) -> None:
    assert snapshot.publish(here)
    before = (here.data / "sites.json").stat().st_ino
    assert not snapshot.publish(here)
    assert (here.data / "sites.json").stat().st_ino == before


def test_an_install_without_sites_says_so(here: Config, db: None) -> None:
    snapshot.publish(here)
    assert published(here) == []


def test_the_file_is_for_its_owner_only(here: Config, site: Site) -> None:
    snapshot.publish(here)
    assert (here.data / "sites.json").stat().st_mode & 0o777 == 0o600


def test_a_reader_never_sees_half_a_snapshot(here: Config, site: Site) -> None:
    file = here.data / "sites.json"
    snapshot.publish(here)
    stop, bad, reads = threading.Event(), [], [0]

    def read() -> None:
        while not stop.is_set():
            try:
                json.loads(file.read_bytes())
            except ValueError as error:
                bad.append(error)
            reads[0] += 1

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        for number in range(40):
            Site.objects.filter(pk=site.pk).update(name=f"{number:03}" * 40)
            snapshot.publish(here)
    finally:
        stop.set()
        reader.join()
    assert bad == [] and reads[0] > 0


def test_a_failed_write_leaves_the_last_good_snapshot(
    here: Config, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot.publish(here)
    good = (here.data / "sites.json").read_bytes()
    Site.objects.update(name="Other")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole_file.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        snapshot.publish(here)
    assert (here.data / "sites.json").read_bytes() == good


@pytest.mark.django_db(transaction=True)
def test_every_change_of_a_site_or_key_is_published_once_committed(here: Config) -> None:
    from embudo.accounts.models import User

    ana = User.objects.create_user("ana@norte.example", None, name="Ana")
    site = Site(name="Norte")
    site.open(by=ana)
    assert len(published(here)[0]["keys"]) == 1
    key, _ = WriteKey.secret_of(site, label="shop")
    key.add(by=ana)
    assert len(published(here)[0]["keys"]) == 2
    key.revoke(by=ana)
    assert len(published(here)[0]["keys"]) == 1
    key.restore(by=ana)
    assert len(published(here)[0]["keys"]) == 2
    site.mode = "cookieless"
    site.keep(by=ana, old_mode="required")
    assert published(here)[0]["mode"] == "cookieless"


@pytest.mark.django_db(transaction=True)
def test_a_key_the_disk_kept_in_force_is_out_of_it_with_the_second_try(
    here: Config, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot.publish(here)
    (key,) = site.keys.all()

    def full(file: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(snapshot, "replaced", full)
    with pytest.raises(OSError, match="No space"):
        key.revoke(by=None)
    monkeypatch.undo()
    assert published(here)[0]["keys"]
    WriteKey.objects.get(pk=key.pk).revoke(by=None)
    assert published(here)[0]["keys"] == []
