"""Tells which language a question is in, by its script and its commonest small words.

It says nothing rather than something wrong: a few bare nouns name no language.
"""

import unicodedata
from collections.abc import Mapping, Set
from functools import cache
from types import MappingProxyType

import numpy as np

from services.search.keywords import Frequencies, Ids, term_id
from services.search.words import STOP_WORDS, stem, tokens

ENGLISH = "en"
# So many small words of one language, and more than of any other, are no accident.
LEAST_SMALL_WORDS = 2
# A language is one of the articles when its commonest words stand in such a share of them.
SHARE_OF_PASSAGES = 0.15
# Above this share hardly an article can be in another language, so that English is not assumed.
SHARE_OF_ONLY_LANGUAGE = 0.7
COMMONEST = 3

# None of them is an English word that an article would hold.
_SMALL_WORDS = {
    "cs": "jak je na se že pro můj moje nebo není jsem kde proč může nemohu když tento",
    "da": "jeg ikke hvordan mit min det og på med hvor kan har vil af er til mig",
    "de": "der das und ist nicht ich wie mein meine kann wo ein eine für auf wird warum wenn habe"
    " sich dem den zu mir von bei oder auch nach",
    "es": "el los las mi cómo para una por con qué puedo dónde del está que tengo cuando se mis",
    "fi": "miten minun on ja voinko ei mikä missä miksi olen kun tai mutta jos minä",
    "fr": "le les des est je mon comment pas pour une dans avec sur qui où puis mes du pourquoi"
    " quand et ne suis ai",
    "hu": "hogyan nem az és hol miért vagyok tudom van egy mert ezt kell lehet",
    "it": "il gli mio come non per una con che dove posso sono della nel perché mia è ho",
    "nl": "het een ik mijn hoe niet voor met waar kan en van ben wordt waarom als heb naar",
    "no": "jeg ikke hvordan mitt min det og på med hvor kan har vil av er til meg",
    "pl": "jak nie moje jest się na mogę czy gdzie dlaczego mam mój oraz nie dla przez",
    "pt": "os meu minha como não para uma com que onde posso da em por está eu ao quando",
    "ro": "cum nu pot este și pentru unde meu mea din care sunt să cu mi",
    "sv": "jag inte hur min mitt det och på för med var kan har vill av är till mig att",
    "tr": "bir ve için benim nerede neden değil ne bu var yok ile mi",
}
_SCRIPTS = MappingProxyType(
    {
        "ARABIC": "und-Arab",
        "CJK": "zh",
        "CYRILLIC": "und-Cyrl",
        "DEVANAGARI": "und-Deva",
        "GREEK": "el",
        "HANGUL": "ko",
        "HEBREW": "he",
        "HIRAGANA": "ja",
        "KATAKANA": "ja",
        "THAI": "th",
    }
)
_BY_LANGUAGE: Mapping[str, Set[str]] = MappingProxyType(
    {language: frozenset(words.split()) for language, words in _SMALL_WORDS.items()}
)


def language_of(question: str) -> str:
    """As BCP 47 writes it; empty when it cannot be told."""
    if language := _by_script(question):
        return language
    asked = [*tokens(question)]
    counts = {
        language: sum(token in small for token in asked) for language, small in _BY_LANGUAGE.items()
    }
    counts[ENGLISH] = sum(token in STOP_WORDS for token in asked)
    best = max(counts, key=counts.__getitem__)
    is_alone = [*counts.values()].count(counts[best]) == 1
    return best if is_alone and counts[best] >= LEAST_SMALL_WORDS else ""


def languages_of(articles: Frequencies) -> frozenset[str]:
    """English leaves no trace in what is counted, so it is assumed unless another fills all."""
    shares = {language: _share(articles, language) for language in _BY_LANGUAGE}
    spoken = {language for language, share in shares.items() if share >= SHARE_OF_PASSAGES}
    is_full = max(shares.values()) >= SHARE_OF_ONLY_LANGUAGE
    return frozenset(spoken if is_full else spoken | {ENGLISH})


def is_foreign(language: str, question: str, articles: Frequencies, spoken: Set[str]) -> bool:
    """Whether the articles, which are in the `spoken` languages, are in others than the question.

    `spoken` is what `languages_of` says of the articles.
    """
    if not language or not articles.passages or language in spoken:
        return False
    # Small words are known of some languages only; a question whose words stand in the articles
    # is in theirs.
    ids = {term_id(stem(token)) for token in tokens(question) if token not in STOP_WORDS}
    known = articles.counts_of(np.array(sorted(ids), np.uint32)) > 0
    return not ids or float(known.mean()) < 1 / 2


def _share(articles: Frequencies, language: str) -> float:
    if not articles.passages:
        return 0.0
    commonest = np.sort(articles.counts_of(_small_ids(language)))[-COMMONEST:]
    return float(commonest.mean()) / articles.passages


@cache
def _small_ids(language: str) -> Ids:
    ids = {term_id(stem(word)) for word in _BY_LANGUAGE[language]}
    return np.array(sorted(ids), np.uint32)


def _by_script(question: str) -> str:
    letters = [sign for sign in question if sign.isalpha()]
    # The name of a letter begins with its script.
    names = [unicodedata.name(sign, "").partition(" ")[0] for sign in letters]
    found = [_SCRIPTS[name] for name in names if name in _SCRIPTS]
    # A question in Latin letters may hold a foreign name.
    if len(found) * 2 <= len(letters):
        return ""
    # Japanese is written with Chinese characters, too.
    return "ja" if "ja" in found else max(set(found), key=found.count)
