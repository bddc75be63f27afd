"""`one_cycle`: a rate that rises and falls once over the whole training (Smith and Topin, https://arxiv.org/abs/1708.07120)."""

from __future__ import annotations

import math
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from dlcli.spec import Facts, Mistake, Named, fail

EPOCHS = "train.epochs"
"""The fact of how many epochs a training has."""
Rate = Annotated[float, Field(ge=0)]


class OneCycle(Named):
    """Rises by a cosine from `start` to `maximum` over a share of all steps, and falls by one to `end` over the rest."""

    word: ClassVar[str] = "one_cycle"
    example: ClassVar[str] = "{one_cycle: {maximum: 0.05}}"

    maximum: Annotated[float, Field(gt=0)]
    """The highest rate; `check --lr` proposes one."""
    start: Rate | None = None
    """The first rate; by default a twenty-fifth of the highest."""
    end: Rate | None = None
    """The last rate; by default a hundred-thousandth of the highest."""
    peak: Annotated[float, Field(gt=0, lt=1)] = 0.3
    """The share of all steps after which the highest rate is reached."""

    @model_validator(mode="after")
    def rises(self) -> Self:
        for key, value in (("start", self.start), ("end", self.end)):
            if value is not None and value > self.maximum:
                message = (
                    f"'{key}' is above 'maximum', {value:g} above {self.maximum:g}: one_cycle rises to it and falls"
                )
                fail(Mistake(message, (key,), kind="argument_does_not_fit"))
        return self

    def build(self, facts: Facts) -> Any:
        """The schedule of Keras; `facts` say how many steps the training has."""
        import keras

        steps = facts["data.steps_per_epoch"] * facts[EPOCHS]
        start = self.maximum / 25 if self.start is None else self.start
        end = self.maximum / 1e5 if self.end is None else self.end
        rising = self.peak * steps

        class Cycle(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
            """The rate of a step, a tensor."""

            def __call__(cycle, step: Any) -> Any:  # noqa: N805
                ops = keras.ops
                place = ops.cast(step, "float32")
                up = (1 - ops.cos(math.pi * place / rising)) / 2
                down = (1 + ops.cos(math.pi * ops.minimum((place - rising) / (steps - rising), 1.0))) / 2
                falling = end + (self.maximum - end) * down
                return ops.where(place < rising, start + (self.maximum - start) * up, falling)

            def get_config(cycle) -> dict[str, Any]:  # noqa: N805
                return {"maximum": self.maximum, "start": start, "end": end, "peak": self.peak, "steps": steps}

        return Cycle()
