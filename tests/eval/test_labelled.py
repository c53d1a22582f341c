import re

from tests.eval.labelled import demo_sets

_WORD = re.compile(r"\w+")
_COPIED_WORDS = 7


def test_each_demo_tenant_has_enough_questions_about_enough_articles() -> None:
    for labelled in demo_sets():
        assert len(labelled.questions) >= 100
        about = {uri for question in labelled.questions for uri in question.source_uris}
        assert about <= labelled.documents.keys()
        assert len(about) >= 0.9 * len(labelled.documents)


def test_no_question_is_asked_twice() -> None:
    for labelled in demo_sets():
        texts = [question.text for question in labelled.questions]
        assert len(set(texts)) == len(texts)


def test_no_question_is_copied_out_of_its_article() -> None:
    for labelled in demo_sets():
        for question in labelled.questions:
            for uri in question.source_uris:
                said = " ".join(_WORD.findall(labelled.documents[uri].casefold()))
                words = _WORD.findall(question.text.casefold())
                runs = range(len(words) - _COPIED_WORDS + 1)
                assert not any(
                    f" {' '.join(words[start : start + _COPIED_WORDS])} " in f" {said} "
                    for start in runs
                ), question.text


def test_what_is_about_one_article_is_in_one_half() -> None:
    for labelled in demo_sets():
        development, test = (
            {uri for question in half.questions for uri in question.source_uris}
            for half in labelled.halves()
        )
        assert development
        assert test
        assert development.isdisjoint(test)
