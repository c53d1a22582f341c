"""What a password must not be, and how little else is asked of it."""

import pytest

from services.auth.password_rules import context_words, password_weakness
from services.auth.passwords import Argon2Passwords

CONTEXT = context_words("acme-labs", "ada.lovelace@example.com")


@pytest.fixture(scope="module")
def passwords() -> Argon2Passwords:
    return Argon2Passwords(memory_kib=64, passes=1)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "seven77",
        "password1",
        "PASSWORD1",
        "iloveyou",
        "ADA.Lovelace@example.com",
        "acme-labs-2026",
        "Lovelace1815",
        "helpdesk!",
        "AcmePassword1",
        "adaacmelabshelpdesk",
    ],
)
def test_what_is_guessed_first_is_refused(passwords: Argon2Passwords, password: str) -> None:
    weakness = password_weakness(password, CONTEXT, passwords.is_common)
    assert weakness is not None
    assert not password or password not in weakness


@pytest.mark.parametrize(
    "password",
    [
        "qmvtzhrw",
        "eight 88",
        "correct horse battery staple",
        "пароль для себя",
        "🦆🦆🦉🦉🦜🦜🐧🐧",
        "  spaces around count  ",
        "Lovelace wrote the first program",
        "x9" * 128,
    ],
)
def test_no_kind_of_character_is_asked_for_or_forbidden(
    passwords: Argon2Passwords, password: str
) -> None:
    assert password_weakness(password, CONTEXT, passwords.is_common) is None


def test_words_count_for_nothing_where_they_are_nobodys_context(
    passwords: Argon2Passwords,
) -> None:
    """The control: the same password is fit for a user of another tenant."""
    other = context_words("globex", "eve@example.org")
    assert password_weakness("acme-labs-2026", CONTEXT, passwords.is_common) is not None
    assert password_weakness("acme-labs-2026", other, passwords.is_common) is None


def test_two_letters_are_no_context() -> None:
    assert context_words("globex", "al@example.org") == ("al@example.org", "helpdesk", "globex")


def test_the_list_of_common_passwords_is_long_enough(passwords: Argon2Passwords) -> None:
    """ASVS 6.2.4 asks for the 3,000 most frequent that are long enough to be chosen."""
    assert passwords.count_common(8) > 3000
