"""What Keras does not have and a script writes out: the schedule of one cycle, and the loss that is the mean of an output."""

from __future__ import annotations

from collections.abc import Iterator

from dlcli.loss.target_loss import MINIMIZE
from dlcli.optimizer.one_cycle import OneCycle
from dlcli.spec import Facts, KerasObject

CYCLE = '''
class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """Rises by a cosine and falls by one, once over the whole training."""

    maximum, start, end, rising, steps = {maximum}, {start}, {end}, {rising}, {steps}

    def __call__(self, step):
        place = ops.cast(step, "float32")
        up = (1 - ops.cos(np.pi * place / self.rising)) / 2
        down = (1 + ops.cos(np.pi * ops.minimum((place - self.rising) / (self.steps - self.rising), 1.0))) / 2
        falling = self.end + (self.maximum - self.end) * down
        return ops.where(place < self.rising, self.start + (self.maximum - self.start) * up, falling)

    def get_config(self):
        return {{}}

'''
MEAN = '''
class MeanOfOutput(keras.losses.Loss):
    """The mean of what the model puts out, whatever the target."""

    def call(self, y_true, y_pred):
        return ops.mean(ops.reshape(y_pred, [ops.shape(y_pred)[0], -1]), axis=-1)

'''


def cycle_of(optimizer: KerasObject) -> OneCycle | None:
    """The cycle that an optimizer takes as its rate, if it does."""
    rate = optimizer.arguments.get("learning_rate")
    return rate if isinstance(rate, OneCycle) else None


def own_classes(optimizer: KerasObject, losses: list[KerasObject], facts: Facts) -> Iterator[str]:
    """The lines of the classes that these need; `facts` say how many steps the training has."""
    cycle = cycle_of(optimizer)
    if cycle is not None:
        config = cycle.build(facts).get_config()
        yield CYCLE.format(**config, rising=config["peak"] * config["steps"])
    if any(is_mean_of_output(each) for each in losses):
        yield MEAN


def is_mean_of_output(loss: KerasObject) -> bool:
    """Whether a loss is the mean of an output."""
    return loss.name == MINIMIZE
