"""A search as it is drawn on a terminal, and in the end: the best first, what fails, how to go on."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from dlcli.view.sweep import Confirmed, SeedsShown, SweepShown, TrialShown, draw_sweep
from dlcli.view.sweep_live import LiveSearch, some_trials


def console(**options: Any) -> Console:
    return Console(file=io.StringIO(), width=100, color_system=None, **options)


def trial(number: int, value: Any, state: str = "done", **more: Any) -> TrialShown:
    return TrialShown(
        number=number, run=f"s/trial-{number}", state=state, value=value, set={"a.rate": 0.1 * number}, **more
    )


def shown(*trials: TrialShown, **more: Any) -> SweepShown:
    states = [each.state for each in trials]
    given: dict[str, Any] = {
        "sweep": "s", "path": "runs/s", "goals": ["max val_accuracy"], "trials": trials, "best": None, "front": None,
        "importance": None, "weighed_from": 20, "done": states.count("done"), "pruned": states.count("pruned"),
        "failed": states.count("failed"), "left": 0, **more,
    }  # fmt: skip
    return SweepShown(**given)


def text_of(drawn: Console) -> str:
    file = drawn.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


TRIALS = [
    trial(1, 0.5),
    trial(2, 0.9),
    trial(3, 0.4, "pruned"),
    trial(4, None, "failed", reason="r"),
    trial(5, None, "running"),
]


def test_off_a_terminal_nothing_is_drawn() -> None:
    plain = console()
    with LiveSearch(plain, 9) as live:
        live.show(shown(*TRIALS))
        assert not live.is_drawn
    assert text_of(plain) == ""
    assert not LiveSearch(console(force_terminal=True, _environ={"TERM": "dumb"}), 9).is_drawn


def test_the_best_so_far_and_what_trains_are_drawn() -> None:
    terminal = console(force_terminal=True)
    with LiveSearch(terminal, 9) as live:
        assert live.is_drawn
        live.show(shown(*TRIALS))
    text = text_of(terminal)
    assert text.index("0.9000") < text.index("0.5000")
    assert "4/9 trials  1 pruned  1 failed  training 5  " in text
    assert some_trials(range(1, 11)) == "1, 2, 3, 4, 5, 6, 7, 8 and 2 more"
    assert some_trials([3]) == "3"


def test_the_end_tells_the_best_the_failed_and_the_way_on() -> None:
    drawn = console()
    draw_sweep(
        drawn,
        shown(*TRIALS, best=TRIALS[1], left=4, stopped="SIGINT", advice="dlcli sweep a", importance={"a.rate": 1.0}),
    )
    text = text_of(drawn)
    assert text.index("0.9000") < text.index("0.5000")
    for words in ("trial 4: r", "2 done, 1 pruned, 1 failed, 4 left", "s/trial-2  val_accuracy 0.9000  a.rate=0.2", "a.rate 100%",
                  "by SIGINT", "dlcli sweep a"):  # fmt: skip
        assert words in text, words


def test_two_goals_have_their_front_first() -> None:
    goals = ["max val_accuracy", "min parameters"]
    trials = [trial(1, [0.9, 100.0]), trial(2, [0.95, 300.0]), trial(3, [0.94, 400.0])]
    drawn = console()
    draw_sweep(drawn, shown(*trials, goals=goals, best=trials[1], front=[1, 2]))
    lines = [line.split() for line in text_of(drawn).splitlines() if line[:8].strip().isdigit()]
    assert [line[0] for line in lines] == ["2", "1", "3"]
    assert "trials 1, 2" in text_of(drawn)


def test_a_comparison_with_fresh_seeds_says_what_it_means() -> None:
    before, after = (
        SeedsShown(group="s-default", values=[0.1, 0.2], mean=0.15),
        SeedsShown(group="b", values=[0.8, 0.9], mean=0.85),
    )
    for beats, words in (
        (True, "better by more than the noise of seeds"),
        (False, "no better beyond the noise of seeds"),
    ):
        proof = Confirmed(
            goal="max val_accuracy", default=before, best=after, difference=0.7, low=0.6, high=0.8, p=0.01, beats=beats
        )
        drawn = console()
        draw_sweep(drawn, shown(*TRIALS, best=TRIALS[1], confirmed=proof))
        assert words in " ".join(text_of(drawn).split())
        assert "0.8500 and 0.1500 before" in text_of(drawn)
