"""What to know of a run that has not ended as it should: it trains, was killed, was stopped, failed or diverged."""

from __future__ import annotations

from dataclasses import dataclass

from dlcli.errors import ArtifactError, DivergedError
from dlcli.runs.folder import Run
from dlcli.runs.lock import writer_of
from dlcli.runs.state import ALIVE, RunState, read_state, status_of


@dataclass(frozen=True)
class Standing:
    """How a run stands that is not done, and what to do about it, in words."""

    what: str
    advice: str


def standing_of(run: Run) -> Standing | None:
    """How a run stands; None for one that has ended as planned. Raises `ArtifactError` where run.json is damaged."""
    state = read_state(run)
    status = status_of(run, state)
    again = run.command("resume")
    if status in ALIVE:
        return Standing(f"is training ({writer_of(run.path) or 'another process'})", "wait until it has ended")
    if status == "crashed":
        return Standing("was killed before its end", again)
    if status == "interrupted":
        return Standing(f"was stopped in epoch {state.epochs + 1}", again)
    if status == "failed" and state.exit_code == DivergedError.code:
        return Standing(f"has diverged: {failure_of(state)}", "train it again with a lower optimizer.learning_rate")
    if status == "failed":
        return Standing(f"failed: {failure_of(state)}", again if state.resumable else "train it again")
    return None


def failure_of(state: RunState) -> str:
    """Why a run failed, without the name of the sort of error before it."""
    words = state.reason or "nobody knows why"
    return words.removeprefix(f"{DivergedError.name}: ")


def no_model(run: Run) -> ArtifactError:
    """The error of a run that has no model: why not, and what to do."""
    standing = standing_of(run)
    what = f"'{run.name}' {standing.what}" if standing else f"the model of '{run.name}' is missing"
    after = ", and has no model yet" if standing else ""
    advice = standing.advice if standing else "train it again"
    return ArtifactError(f"{what}{after}", file=run.path, hint=advice, kind="no_model")


def standing_notes(run: Run) -> list[str]:
    """What to say beside the results of a model whose training has not ended as planned."""
    standing = standing_of(run)
    if standing is None:
        return []
    return [f"'{run.name}' {standing.what}; its model is that of before ({standing.advice})"]
