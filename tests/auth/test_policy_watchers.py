"""Who is waited for before a change of the policy counts as done, and for how long."""

import asyncio

import pytest

from services.auth.policy_watchers import PolicyWatchers

LONG, SHORT = 10.0, 0.02


@pytest.fixture
def watchers() -> PolicyWatchers:
    return PolicyWatchers()


async def test_without_followers_nothing_is_waited_for(watchers: PolicyWatchers) -> None:
    assert await watchers.settled(5, SHORT)


async def test_all_who_follow_have_to_reach_the_version(watchers: PolicyWatchers) -> None:
    with watchers.following("ticket"), watchers.following("chat"):
        settled = asyncio.create_task(watchers.settled(5, LONG))
        await watchers.confirm("ticket", 5)
        await watchers.confirm("chat", 4)
        done, _ = await asyncio.wait([settled], timeout=SHORT)
        assert not done
        await watchers.confirm("chat", 6)
        assert await settled


async def test_a_version_that_was_reached_is_not_lost_to_an_older_word(
    watchers: PolicyWatchers,
) -> None:
    with watchers.following("ticket"):
        await watchers.confirm("ticket", 6)
        await watchers.confirm("ticket", 5)
        assert await watchers.settled(6, SHORT)


async def test_who_goes_away_is_no_longer_waited_for(watchers: PolicyWatchers) -> None:
    with watchers.following("ticket"):
        settled = asyncio.create_task(watchers.settled(5, LONG))
        await asyncio.sleep(0)
    assert await settled


async def test_who_has_not_come_in_time_is_waited_for_again_only_once_it_speaks(
    watchers: PolicyWatchers,
) -> None:
    with watchers.following("hangs"):
        assert not await watchers.settled(5, SHORT)
        assert await watchers.settled(6, LONG)
        await watchers.confirm("hangs", 6)
        assert not await watchers.settled(7, SHORT)


async def test_who_has_no_name_is_not_waited_for(watchers: PolicyWatchers) -> None:
    with watchers.following(""):
        await watchers.confirm("stranger", 9)
        assert await watchers.settled(5, SHORT)
