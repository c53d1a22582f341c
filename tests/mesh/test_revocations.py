from services.mesh.policy import deletion, ended_session
from services.mesh.revocations import Revocations

ENDED = frozenset({ended_session("acme", "one")})
NONE: frozenset[tuple[str, ...]] = frozenset()


class Stopwatch:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_session_has_ended_in_its_own_tenant_only() -> None:
    revocations = Revocations()
    revocations.install(ENDED)
    assert revocations.has_ended("acme", "one")
    assert not revocations.has_ended("acme", "two")
    assert not revocations.has_ended("globex", "one")


def test_an_ended_session_is_remembered_longer_than_the_policy_names_it() -> None:
    stopwatch = Stopwatch()
    revocations = Revocations(stopwatch)
    revocations.install(ENDED)
    stopwatch.seconds = 3600.0
    revocations.install(NONE)
    assert revocations.has_ended("acme", "one")
    stopwatch.seconds = 7201.0
    revocations.install(NONE)
    assert not revocations.has_ended("acme", "one")


def test_what_the_policy_still_names_is_never_forgotten() -> None:
    stopwatch = Stopwatch()
    revocations = Revocations(stopwatch)
    revocations.install(ENDED)
    stopwatch.seconds = 10_000.0
    revocations.install(ENDED | {deletion("globex")})
    assert revocations.has_ended("acme", "one")
