"""The run directory: what a training leaves behind, written so that a kill at any instant loses nothing."""

from dlcli.runs.folder import Run
from dlcli.runs.state import RunState, read_state, status_of

__all__ = ["Run", "RunState", "read_state", "status_of"]
