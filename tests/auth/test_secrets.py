"""Hashes of passwords, secrets of our own making, and the operator's first password."""

import asyncio
import stat
from pathlib import Path

import pytest

from services.auth.credentials import account_name, digest_of, new_secret, secret_matches
from services.auth.errors.credentials import LoginThrottled
from services.auth.operator_secret import ChosenSecret, SecretInFile
from services.auth.passwords import MEMORY_KIB, MOST_WAITING, PASSES, Argon2Passwords


@pytest.fixture(scope="module")
def passwords() -> Argon2Passwords:
    return Argon2Passwords(memory_kib=64, passes=1)


async def test_a_hash_matches_its_password_only(passwords: Argon2Passwords) -> None:
    kept = await passwords.hash("correct horse")
    assert await passwords.matches("correct horse", kept)
    assert not await passwords.matches("wrong horse", kept)


async def test_two_hashes_of_one_password_differ(passwords: Argon2Passwords) -> None:
    assert await passwords.hash("correct horse") != await passwords.hash("correct horse")


async def test_nobody_has_no_password(passwords: Argon2Passwords) -> None:
    assert not await passwords.matches("nobody has this password", None)


async def test_a_damaged_hash_matches_nothing(passwords: Argon2Passwords) -> None:
    assert not await passwords.matches("correct horse", "damaged")


async def test_a_hash_with_weaker_settings_is_outdated(passwords: Argon2Passwords) -> None:
    todays = Argon2Passwords()
    assert todays.is_outdated(await passwords.hash("correct horse"))
    assert not todays.is_outdated(await todays.hash("correct horse"))


def test_the_settings_are_not_weaker_than_owasp_asks() -> None:
    assert MEMORY_KIB >= 19 * 1024
    assert PASSES >= 2


def test_secrets_are_long_and_never_the_same() -> None:
    assert len({new_secret() for _ in range(100)}) == 100
    assert len(new_secret()) >= 43


def test_a_secret_matches_its_digest_only() -> None:
    secret = new_secret()
    assert secret_matches(secret, digest_of(secret))
    assert not secret_matches(f"{secret}x", digest_of(secret))


def test_no_two_logins_share_an_account_name() -> None:
    assert account_name("acme", "ada@x.org") != account_name("acme-ada", "@x.org")


def test_a_chosen_password_is_the_operators() -> None:
    assert ChosenSecret("chosen by hand").obtain() == "chosen by hand"


def test_a_made_up_password_stays_in_a_file_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "auth" / "operator-password"
    password = SecretInFile(file).obtain()
    assert file.read_text(encoding="utf-8") == f"{password}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_the_made_up_password_of_a_start_that_broke_off_is_used(tmp_path: Path) -> None:
    file = tmp_path / "operator-password"
    assert SecretInFile(file).obtain() == SecretInFile(file).obtain()


async def test_too_many_hashes_at_once_are_turned_away() -> None:
    passwords = Argon2Passwords(memory_kib=64, passes=1)
    crowd = (passwords.matches("guess", None) for _ in range(MOST_WAITING + 40))
    answers = await asyncio.gather(*crowd, return_exceptions=True)
    assert sum(isinstance(answer, LoginThrottled) for answer in answers) == 40
    assert sum(answer is False for answer in answers) == MOST_WAITING
    assert not await passwords.matches("guess", None)


async def test_a_user_without_a_password_is_no_user_with_an_empty_one() -> None:
    passwords = Argon2Passwords(memory_kib=64, passes=1)
    for guess in ("", "nobody has this password"):
        assert not await passwords.matches(guess, "")
        assert not await passwords.matches(guess, None)
