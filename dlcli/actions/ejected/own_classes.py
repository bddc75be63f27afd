"""What Keras does not have and a script writes out: the schedule of one cycle, and the loss that is the mean of an output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dlcli.loss.target_loss import MINIMIZE
from dlcli.optimizer.one_cycle import OneCycle
from dlcli.spec import Facts, KerasObject

CYCLE = '''
class OneCycle(keras.optimizers.schedules.LearningRateSchedule):
    """Rises by a cosine and falls by one, once over the whole training."""

    def __init__(self, maximum, start, end, rising, steps):
        self.maximum, self.start, self.end, self.rising, self.steps = maximum, start, end, rising, steps

    def __call__(self, step):
        place = ops.cast(step, "float32")
        up = (1 - ops.cos(np.pi * place / self.rising)) / 2
        down = (1 + ops.cos(np.pi * ops.minimum((place - self.rising) / (self.steps - self.rising), 1.0))) / 2
        falling = self.end + (self.maximum - self.end) * down
        return ops.where(place < self.rising, self.start + (self.maximum - self.start) * up, falling)

    def get_config(self):
        return {}

'''
MEAN = '''
class MeanOfOutput(keras.losses.Loss):
    """The mean of what the model puts out, whatever the target."""

    def call(self, y_true, y_pred):
        return ops.mean(ops.reshape(y_pred, [ops.shape(y_pred)[0], -1]), axis=-1)

'''
LABELLED = '''
class Labelled{kind}(keras.losses.{kind}):
    """The mean over the places that have a label, which is not -1."""

    def call(self, y_true, y_pred):
        labelled = y_true != -1
        losses = ops.where(labelled, super().call(ops.maximum(y_true, 0), y_pred), 0.0)
        losses._keras_mask = labelled
        return losses

'''


def cycle_of(optimizer: KerasObject) -> OneCycle | None:
    """The cycle that an optimizer takes as its rate, if it does."""
    rate = optimizer.arguments.get("learning_rate")
    return rate if isinstance(rate, OneCycle) else None


def cycle_text(cycle: OneCycle, facts: Facts) -> str:
    """The call that makes a cycle; `facts` say how many steps the training has."""
    config = cycle.build(facts).get_config()
    values = {**{key: config[key] for key in ("maximum", "start", "end")}, "rising": config["peak"] * config["steps"]}
    return f"OneCycle({', '.join(f'{key}={each!r}' for key, each in {**values, 'steps': config['steps']}.items())})"


def own_classes(optimizers: Iterable[KerasObject], losses: Iterable[KerasObject]) -> Iterator[str]:
    """The lines of the classes that these need."""
    if any(cycle_of(each) is not None for each in optimizers):
        yield CYCLE
    if any(is_mean_of_output(each) for each in losses):
        yield MEAN


def is_mean_of_output(loss: KerasObject) -> bool:
    """Whether a loss is the mean of an output."""
    return loss.name == MINIMIZE
