import pytest

from services.search.keywords import Frequencies, terms_of
from services.search.languages import is_foreign, language_of, languages_of

ENGLISH = Frequencies.of(
    [
        terms_of(text)
        for text in (
            "Reset the password in the portal.",
            "The printer takes A4 and der Drucker is German for it.",
            "Ask the desk for a laptop.",
            "Open the tunnel when you work from home.",
            "Error 619 means that the password has expired.",
        )
    ]
)
GERMAN = Frequencies.of(
    [
        terms_of(text)
        for text in (
            "Das Passwort wird im Portal zurückgesetzt und ist sofort gültig.",
            "Der Drucker ist im Flur, und die Karte wird vor das Gerät gehalten.",
            "Wenn der Rechner nicht startet, hilft die Hotline auf Deutsch und Englisch.",
        )
    ]
)


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("How do I reset my password?", "en"),
        ("Wie kann ich mein Passwort zurücksetzen?", "de"),
        ("Comment puis-je changer mon mot de passe ?", "fr"),
        ("¿Cómo puedo cambiar mi contraseña?", "es"),
        ("Come posso cambiare la mia password?", "it"),
        ("Hoe kan ik mijn wachtwoord wijzigen?", "nl"),
        ("Как мне сменить пароль?", "und-Cyrl"),
        ("パスワードを変更するには?", "ja"),
        ("如何重置密码", "zh"),
        ("كيف أغير كلمة المرور؟", "und-Arab"),
    ],
)
def test_a_question_tells_its_language(question: str, language: str) -> None:
    assert language_of(question) == language


@pytest.mark.parametrize(
    "question", ["VPN", "password reset", "AG-210", "Passwort", "?!", "π pizza"]
)
def test_a_few_words_tell_none(question: str) -> None:
    assert language_of(question) == ""


def test_articles_tell_their_languages() -> None:
    assert languages_of(ENGLISH) == {"en"}
    assert "de" in languages_of(GERMAN)


def foreign(question: str, articles: Frequencies) -> bool:
    return is_foreign(language_of(question), question, articles, languages_of(articles))


def test_a_question_in_another_language_than_the_articles_is_foreign() -> None:
    assert foreign("Wie kann ich mein Kennwort ändern?", ENGLISH)
    assert foreign("Как мне сменить пароль?", ENGLISH)


def test_a_question_in_the_language_of_the_articles_is_not() -> None:
    assert not foreign("Wie kann ich mein Passwort im Portal ändern?", GERMAN)
    assert not foreign("How do I change my watchword?", ENGLISH)


def test_where_the_language_is_unknown_or_nothing_is_written_nothing_is_said() -> None:
    assert not foreign("Passwort", ENGLISH)
    assert not foreign("Wie kann ich mein Kennwort ändern?", Frequencies.of([]))
