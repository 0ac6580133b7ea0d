"""The token of the first start."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from embudo.accounts import first_run
from embudo.config import Config


def spent(config: Config, given: str) -> bool:
    with first_run.spending(config, given) as right:
        return right


def test_the_token_stays_good_when_what_it_was_spent_for_fails(config: Config) -> None:
    token = first_run.token(config)
    with pytest.raises(ZeroDivisionError), first_run.spending(config, token) as right:
        assert right and not spent(config, token)  # nobody else has it meanwhile
        raise ZeroDivisionError
    assert first_run.token(config) == token
    assert [file.name for file in config.data.glob("first_run_token*")] == ["first_run_token"]
    assert (config.data / "first_run_token").stat().st_mode & 0o777 == 0o600


def test_the_token_stays_the_same_until_it_is_spent(config: Config) -> None:
    token = first_run.token(config)
    assert len(token) >= 32
    assert first_run.token(config) == token
    assert spent(config, f" {token}\n")
    assert not spent(config, token)
    assert first_run.token(config) != token


def test_the_file_is_for_its_owner_only_and_leaves_no_draft(config: Config) -> None:
    first_run.token(config)
    assert (config.data / "first_run_token").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in config.data.glob("first_run_token*")] == ["first_run_token"]


def test_of_many_who_spend_at_once_one_wins(config: Config) -> None:
    token = first_run.token(config)
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda _: spent(config, token), range(8)))
    assert sum(won) == 1


def test_an_empty_file_opens_nothing(config: Config) -> None:
    (config.data / "first_run_token").write_text("")
    assert not spent(config, "")


def test_the_address_holds_the_token(config: Config) -> None:
    assert first_run.address(config) == f"http://127.0.0.1:8000/set-up/?token={first_run.token(config)}"


@pytest.mark.django_db
def test_a_set_up_is_needed_until_there_is_a_user(person: Any) -> None:
    assert first_run.needed()
    person()
    assert not first_run.needed()
