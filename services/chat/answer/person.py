"""Whether somebody plainly asks for a person instead of an answer."""

import re

_LONGEST_WISH_CHARACTERS = 100
_GREETING = r"(?:(?:hi|hello|hey|please|ok|okay|no|sorry|thanks|thank you)[,!]?\s+)*"
_ASKING = (
    r"(?:(?:can|could|may) (?:i|you) (?:please )?"
    r"|(?:i(?: would|'d) like|i want|i need|i wish|let me) (?:to )?)?"
)
_DOING = (
    r"(?:(?:talk|speak|chat|write|put me through|get me|(?:hand|transfer|connect|pass)"
    r"(?: me| this| it)?(?: over)?)(?: to| with)? )?"
)
_PERSON = (
    r"(?:(?:an?|the|some|any) )?(?:(?:real|live|actual|human|support|service) )*"
    r"(?:human(?: being)?|person|agent|operator|representative|somebody|someone)(?: real| human)?"
)
_PLACE = r"(?: (?:at|from|of|in) (?:it|support|the (?:help ?desk|service desk|it desk|team)))?"
_END = r"(?:,? (?:please|now|instead|thanks|thank you))*"
_WISH = re.compile(_GREETING + _ASKING + _DOING + _PERSON + _PLACE + _END, re.IGNORECASE)


def asks_for_a_person(text: str) -> bool:
    """Only a message that says nothing else counts: a question about a person is a question."""
    plain = " ".join(re.sub(r"[!?.]+", " ", text).replace("’", "'").split())  # noqa: RUF001
    return len(plain) <= _LONGEST_WISH_CHARACTERS and _WISH.fullmatch(plain) is not None
