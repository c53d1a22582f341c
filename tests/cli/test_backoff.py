from services.cli.supervisor.backoff import Backoff


def test_the_wait_doubles_up_to_five_seconds() -> None:
    backoff = Backoff(was_ready=True)
    waits = [backoff.after_death(0.1) for _ in range(8)]
    assert waits == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]


def test_a_process_that_ran_for_a_while_is_started_again_soon() -> None:
    backoff = Backoff(was_ready=True, quick_deaths=7)
    assert backoff.after_death(60.0) == 0.2


def test_a_process_that_once_worked_is_never_given_up() -> None:
    backoff = Backoff(was_ready=True)
    for _ in range(100):
        backoff.after_death(0.1)
    assert not backoff.is_hopeless(1)


def test_a_process_that_never_worked_is_given_up_after_three_deaths() -> None:
    backoff = Backoff()
    hopeless = []
    for _ in range(3):
        backoff.after_death(0.1)
        hopeless.append(backoff.is_hopeless(1))
    assert hopeless == [False, False, True]
