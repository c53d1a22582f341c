"""Another encoder makes its index in the background; the one before it answers until then."""

import asyncio
from collections.abc import Iterator

import pytest

from services.mesh.caller import acting_as
from services.search.finding import search_passages
from services.search.handover import Handover
from services.search.index_care import index_status
from services.search.indexing import Indexing
from services.search.use_cases import delete_document
from tests.search.builders import ACME, GLOBEX, SEES_ALL, somebody
from tests.search.two_encoders import ARTICLES, QUESTION, Meanwhile, Witness, World, filled, put

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect")


@pytest.fixture(autouse=True)
def ann() -> Iterator[None]:
    with acting_as(somebody()):
        yield


async def answers_meanwhile(world: World, witness: Witness) -> list[str]:
    """Who answers before, at each document that is encoded anew, and afterwards."""
    await filled(world, world.builtin)
    async with world.running(world.remote) as process:
        answers = [(await witness.ask(process, QUESTION))[0]]

        async def ask(_: int) -> None:
            answers.append((await witness.ask(process, QUESTION))[0])

        world.server.spoil = Meanwhile(ask)
        await process.parts.indexing.repair()
        world.server.spoil = None
        answers.append((await witness.ask(process, QUESTION))[0])
    return answers


async def test_the_old_index_answers_with_its_own_encoder_until_the_new_one_is_complete(
    world: World, witness: Witness
) -> None:
    answers = await answers_meanwhile(world, witness)
    assert answers == ["builtin"] * (ARTICLES + 1) + ["remote"]


async def test_each_tenant_changes_over_with_its_last_document(
    world: World, witness: Witness
) -> None:
    await filled(world, world.builtin)
    with acting_as(somebody(GLOBEX)):
        await filled(world, world.builtin)
    async with world.running(world.remote) as process:
        seen: list[tuple[str, str]] = []

        async def ask(_: int) -> None:
            mine, _findings = await witness.ask(process, QUESTION)
            with acting_as(somebody(GLOBEX)):
                theirs, _findings = await witness.ask(process, QUESTION)
            seen.append((mine, theirs))

        world.server.spoil = Meanwhile(ask)
        await process.parts.indexing.repair()
        world.server.spoil = None
    assert seen == [("builtin", "builtin")] * ARTICLES + [("remote", "builtin")] * ARTICLES


async def test_control_without_the_rule_words_alone_answer_meanwhile(
    world: World, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def current_alone(self: Handover, tenant_id: str) -> Indexing | None:
        return None if self._current.is_behind(ACME) else self._current

    monkeypatch.setattr(Handover, "_serving", current_alone)
    answers = await answers_meanwhile(world, witness)
    assert answers == ["words"] * (ARTICLES + 1) + ["remote"]


async def test_control_a_question_of_the_wrong_encoder_would_be_noticed(
    world: World, witness: Witness, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = Handover._serving

    def mixed(self: Handover, tenant_id: str) -> Indexing | None:
        found = serving(self, ACME)
        if found is not None:
            found.vectors = self._current.vectors
        return found

    monkeypatch.setattr(Handover, "_serving", mixed)
    assert "mixed" in await answers_meanwhile(world, witness)


async def test_the_old_index_is_gone_once_the_new_one_has_taken_over(world: World) -> None:
    await filled(world, world.builtin)
    [old] = await world.recipes()
    async with world.running(world.remote) as process:
        assert await world.recipes() == {old, process.parts.library.vectors.recipe}
        await process.parts.indexing.repair()
        assert await world.recipes() == {process.parts.library.vectors.recipe}
        assert await process.index.count(SEES_ALL) == ARTICLES


async def test_changes_meanwhile_are_found_at_once_and_stay(world: World, witness: Witness) -> None:
    ids = await filled(world, world.builtin)
    async with world.running(world.remote) as process:

        async def change(times: int) -> None:
            if times != ARTICLES // 2:
                return
            # Of what has been encoded anew, and of what has not.
            for number in (0, ARTICLES - 1):
                await put(process, number, "Repair")
            for number in (1, ARTICLES - 2):
                await delete_document(process.parts.library, ids[number])
            await put(process, ARTICLES, "Repair")
            encoder, findings = await witness.ask(process, "repair")
            assert encoder == "builtin"
            assert repaired(findings.passages) == {0, ARTICLES - 1, ARTICLES}

        world.server.spoil = Meanwhile(change)
        await process.parts.indexing.repair()
        world.server.spoil = None
        encoder, findings = await witness.ask(process, "repair")
        assert encoder == "remote"
        assert repaired(findings.passages) == {0, ARTICLES - 1, ARTICLES}
        assert await process.index.count(SEES_ALL) == ARTICLES - 1


def repaired(passages: object) -> set[int]:
    texts = [one.chunk.text for one in passages]  # type: ignore[attr-defined]
    return {int(text.rstrip(".").split()[-1]) for text in texts if text.startswith("Repair")}


async def test_the_status_names_both_and_counts_what_is_left(world: World) -> None:
    await filled(world, world.builtin)
    [old] = await world.recipes()
    async with world.running(world.remote) as process:
        new = process.parts.library.vectors.recipe
        seen: list[tuple[int, str, str]] = []

        async def look(_: int = 0) -> None:
            status = await index_status(process.parts.library)
            seen.append((status.behind_count, status.encoder, status.serving_encoder))

        world.server.spoil = Meanwhile(look)
        await process.parts.indexing.repair()
        await look()
    assert seen == [(left, new, old) for left in range(ARTICLES, 0, -1)] + [(0, new, new)]


async def test_a_previous_server_that_the_settings_name_answers_meanwhile(
    world: World, witness: Witness
) -> None:
    await filled(world, world.remote)
    async with world.running(world.builtin_after_remote) as process:
        assert (await witness.ask(process, QUESTION))[0] == "remote"
        await process.parts.indexing.repair()
        assert (await witness.ask(process, QUESTION))[0] == "builtin"


@pytest.mark.parametrize("loss", ["not named", "gone", "another model"])
async def test_when_the_old_encoder_is_lost_words_alone_answer_and_the_status_says_so(
    world: World, witness: Witness, loss: str
) -> None:
    await filled(world, world.remote)
    settings = world.builtin if loss == "not named" else world.builtin_after_remote
    if loss == "gone":
        world.server.status = 500
    elif loss == "another model":
        settings = settings.model_copy(update={"previous_encoder_model": "maxi"})
    async with world.running(settings) as process:
        assert (await witness.ask(process, QUESTION))[0] == "words"
        status = await index_status(process.parts.library)
        assert (status.behind_count, status.serving_encoder) == (ARTICLES, "")
        await process.parts.indexing.repair()
        assert (await witness.ask(process, QUESTION))[0] == "builtin"
        assert await world.recipes() == {status.encoder}


async def test_what_the_old_encoder_could_not_encode_is_not_missed_in_silence(
    world: World, witness: Witness
) -> None:
    await filled(world, world.remote)
    async with world.running(world.builtin_after_remote) as process:
        world.server.status = 500
        await put(process, ARTICLES, "Repair")
        findings = await search_passages(process.parts.finder, "repair", 5)
        assert findings.degraded
        assert repaired(findings.passages) == {ARTICLES}
        world.server.status = 200
        previous = process.parts.indexing._previous
        assert previous is not None
        await previous.repair()
        encoder, findings = await witness.ask(process, "repair")
        assert encoder == "remote"
        assert repaired(findings.passages) == {ARTICLES}


async def test_of_a_tenant_that_goes_nothing_is_left_in_either(world: World) -> None:
    ids = await filled(world, world.builtin)
    async with world.running(world.remote) as process:
        for document_id in ids[: ARTICLES // 2]:
            await process.parts.indexing.bring_up_to_date(ACME, document_id)
        previous = process.parts.indexing._previous
        assert previous is not None
        await process.parts.indexing.forget(ACME)
        assert await process.index.revisions() == {}
        assert await previous.index.revisions() == {}


async def test_the_old_index_stays_open_for_a_question_that_is_under_way(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(world, world.builtin)
    async with world.running(world.remote) as process:
        handover = process.parts.indexing
        with handover.serving(ACME) as old:
            assert old is not None
            is_to_go, retire = asyncio.Event(), old.retire

            async def announced() -> None:
                is_to_go.set()
                await retire()

            monkeypatch.setattr(old, "retire", announced)
            repairing = asyncio.create_task(handover.repair())
            await is_to_go.wait()
            assert await old.index.count(SEES_ALL) == ARTICLES
            assert not repairing.done()
        await repairing
        assert await world.recipes() == {process.parts.library.vectors.recipe}


async def test_the_background_hands_over_by_itself(world: World, witness: Witness) -> None:
    await filled(world, world.builtin)
    async with world.running(world.remote) as process:
        background = asyncio.create_task(process.parts.indexing.keep_repairing())
        async with asyncio.timeout(30):
            while len(await world.recipes()) > 1:
                assert not (await search_passages(process.parts.finder, QUESTION, 5)).degraded
        background.cancel()
        await asyncio.wait([background])
        assert (await witness.ask(process, QUESTION))[0] == "remote"
