"""Tickets like another one, by the words that they share: the rarer a word, the more it says."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from services.mesh.caller import current_tenant
from services.ticket.domain import Comment, Ticket, TicketStatus
from services.ticket.ports.tickets import (
    AlikeQuery,
    AlikeTicket,
    TicketReading,
    TicketStore,
    WeighedWord,
)
from services.ticket.use_cases.ticketing import find_visible, visible_requester
from services.ticket.words import rarity, weights_of

USUAL_TICKETS, MOST_TICKETS = 5, 20
MOST_WORDS_ASKED = 20
# How many rows of words one question may read; the commonest words, which say least, are left out.
MOST_ROWS_READ = 10_000
# Below this, tickets share a word by chance.
LOWEST_SCORE = 0.1

_SOLVED = frozenset({TicketStatus.RESOLVED, TicketStatus.CLOSED})


@dataclass(frozen=True)
class SimilarTicket:
    """`score` is what part of the asked ticket's words it has, rare ones counting more, from 0 to
    1; `words` are those, the one that counts most first; `reply` says how it was solved, if it
    was."""

    ticket: Ticket
    score: float
    words: Sequence[str]
    reply: Comment | None


async def list_similar_tickets(
    store: TicketStore, ticket_id: str, page_size: int
) -> list[SimilarTicket]:
    """Returns the nearest tickets that the caller sees, solved ones first, each part by score.

    Raises TicketNotFound for a ticket that the caller does not see.
    """
    limit = min(page_size, MOST_TICKETS) if page_size > 0 else USUAL_TICKETS
    async with store.reading(current_tenant()) as tickets:
        ticket = await find_visible(tickets, ticket_id)
        weights = weights_of(ticket.subject, ticket.body)
        words = tuple(await _telling_words(tickets, weights))
        found = await tickets.find_alike(
            AlikeQuery(words, ticket.number, limit, requester_id=visible_requester())
        )
        solved = [one.ticket.ticket_id for one in found if one.ticket.status in _SOLVED]
        replies = await tickets.last_replies(solved)
    whole = sum(weights[each.word] * each.rarity for each in words)
    similar = [_similar(one, words, weights, whole, replies) for one in found]
    near = [one for one in similar if one.score >= LOWEST_SCORE]
    return sorted(near, key=lambda one: (one.ticket.status not in _SOLVED, -one.score))


async def _telling_words(
    tickets: TicketReading, weights: Mapping[str, int]
) -> Iterable[WeighedWord]:
    if visible_requester() is not None:
        # How rare a word is in the tickets of all would tell of tickets that the caller may not
        # see, so for a customer all words are alike.
        return [WeighedWord(word, 1.0) for word in list(weights)[:MOST_WORDS_ASKED]]
    counts = await tickets.count_words(weights.keys())
    # What stands in this ticket alone finds no other.
    shared = {word: count for word, count in counts.by_word.items() if count > 1}
    rarest = sorted(shared, key=lambda word: (shared[word], word))[:MOST_WORDS_ASKED]
    return [
        WeighedWord(word, rarity(shared[word], counts.tickets))
        for word in _within_reach(rarest, shared)
    ]


def _within_reach(rarest: Collection[str], counts: Mapping[str, int]) -> Iterator[str]:
    read = 0
    for place, word in enumerate(rarest):
        read += counts[word]
        if place > 0 and read > MOST_ROWS_READ:
            return
        yield word


def _similar(
    found: AlikeTicket,
    words: Sequence[WeighedWord],
    weights: Mapping[str, int],
    whole: float,
    replies: Mapping[str, Comment],
) -> SimilarTicket:
    shared = [each for each in words if each.word in found.words]
    shared.sort(key=lambda each: weights[each.word] * each.rarity, reverse=True)
    return SimilarTicket(
        found.ticket,
        # A shorter ticket that says the same weighs more than the asked one itself.
        min(found.weight / whole, 1.0) if whole else 0.0,
        [each.word for each in shared],
        replies.get(found.ticket.ticket_id),
    )
