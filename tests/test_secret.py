"""The secret key of an install."""

from dataclasses import replace

from embudo.config import Config
from embudo.secret import keep, key_of


def test_a_key_that_is_set_is_used(config: Config) -> None:
    assert key_of(replace(config, secret_key="given")) == "given"
    assert not (config.data / "secret_key").exists()


def test_a_missing_key_is_made_once_and_only_the_owner_reads_it(config: Config) -> None:
    bare = replace(config, secret_key="")
    keep(bare)
    first = key_of(bare)
    assert len(first) > 40
    keep(bare)
    assert key_of(bare) == first
    assert (config.data / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in config.data.iterdir()] == ["secret_key"]


def test_who_only_looks_leaves_no_key_behind(config: Config) -> None:
    assert len(key_of(replace(config, secret_key=""))) > 40
    assert list(config.data.iterdir()) == []
