"""What says of a curve, or of units, that steps were too long."""

from __future__ import annotations

from itertools import pairwise

from dlcli.finding import Advice, Setting
from dlcli.training.evidence.rate import steps_by_rate
from dlcli.training.verdict.curve import noise_of, steady
from dlcli.training.verdict.standing import MOST_STEPS, beside_trivial_in_training, left, mistakes_left, weighs
from dlcli.training.verdict.story import Story

WILD = 3.0
"""So many times the trivial loss, a first epoch was thrown away from where it began."""
JUMP, JUMPS = 1.5, 2
"""A loss so many times that of the epoch before has jumped; one jump may be chance."""
LOST = 1.5
"""So many times its least a training loss ends where it has lost what it had found."""
STUCK = 0.9
"""Above this share of the trivial loss hardly anything was learnt."""
BEGUN, LAST = 0.8, 2
"""The share of the trivial loss from which on down something was learnt, and so many last epochs at which it is lost again."""
LONG, LONG_OTHERS = 0.05, 0.5
"""A step of weights, which usually are a few tenths; and a rate of optimizers whose steps are as long as gradients are."""
SURE, SURE_OTHERS, DEARER = 0.2, 1.0, 0.4
"""Rates, of both kinds, that throw weights far out, and so much more of the trivial loss than of its mistakes is left then."""
ABOVE, FAR_ABOVE, STAYED = 1.02, 1.3, 4
"""So many times the trivial loss so many epochs stay above it where steps are too long to come to it; with what is left out by
noise the second."""
KEPT_ABOVE = 1.01
"""So far above it what is kept is of the same samples."""
RISEN = 0.2
"""So much of the trivial loss it rises by where momentum carries steps on."""
EARLY = 2
"""Epochs after which nothing more was gained by steps that are too long."""
AGAIN, AGAIN_OUTSIDE = 0.05, 0.1
"""So much of the trivial loss training and validation rise by together where steps throw them back."""
RUN_OUT = 0.1
"""The share of its largest below which a rate moves nothing."""
HEAVY = 0.95
"""A momentum above this carries a step on for more than twenty others."""
NOISY = 0.6
"""A share that is left out from which on the training loss is that of noise."""
MOVED = 0.1
"""So far from their first values, beside these, weights have moved at least where long steps moved them."""
FAR_OUT, TOSSED, UNSTEADY = 10.0, 6, 0.1
"""So many times as far as they were large weights have moved that are far out, so many epochs tell whether they come to rest, and
such a share of the trivial loss validation wobbles by where they do not."""
DEAD = 0.5
"""The share of a layer's units that died where it is steps that killed them, and twice what may have been dead before."""


def signs_of(story: Story) -> list[str]:
    """What of the curve, or of the units, says that the steps were too long."""
    if is_noisy(story):
        return []
    signs = thrown_about(story)
    if is_hasty(story):
        signs.append("first")
    if rises_again(story):
        signs.append("again")
    if was_thrown_back(story):
        signs.append("back")
    if stays_above(story) and is_done(story):
        signs.append("above")
    if died(story) and is_done(story):
        signs.append("dead")
    return signs


def is_noisy(story: Story) -> bool:
    """Whether so much is left out that it is noise that throws a loss about, and no step."""
    return any(each.share >= NOISY for each in story.looks.penalties())


def thrown_about(story: Story) -> list[str]:
    """What of the curve alone says that steps threw the loss about."""
    if is_noisy(story):
        return []
    train, signs, seen = story.above("train"), list[str](), beside_trivial_in_training(story)
    # What weights cost falls from far above, and is no step's.
    cost = sum(each.cost for each in story.looks.penalties())
    if seen is not None and not weighs(story) and train[0] > WILD * (seen.trivial - story.perfect + cost):
        signs.append("wild")
    if sum(after > JUMP * before for before, after in pairwise(train)) >= JUMPS:
        signs.append("jumps")
    if len(train) > 2 and train[-1] > LOST * min(train):
        signs.append("lost")
    return signs


def was_thrown_back(story: Story) -> bool:
    """Whether something was learnt, and all of it lost for good: the last epochs are at the trivial loss again."""
    seen, losses = story.beside_trivial, story.above(story.judged)
    if seen is None or weighs(story) or len(losses) <= LAST or any(each.cost for each in story.looks.penalties()):
        return False
    trivial = seen.trivial - story.perfect
    ends = [*losses[-LAST:], *story.above("train")[-LAST:]]
    return 0 < min(losses) <= BEGUN * trivial and min(ends) > STUCK * trivial


def stays_above(story: Story) -> bool:
    """Whether every epoch of training was worse than the constant answer, which any model comes to by steps that are not too
    long, and nothing but its steps threw it about."""
    seen, train = beside_trivial_in_training(story), story.above("train")
    penalties = story.looks.penalties()
    if seen is None or weighs(story) or seen.split != "train" or any(each.cost for each in penalties):
        return False
    if len(train) < STAYED or steady(train):
        return False
    limit = FAR_ABOVE if penalties else ABOVE
    kept = seen.reached - seen.perfect > KEPT_ABOVE * (seen.trivial - seen.perfect)  # on the samples that are looked at
    return kept and min(train) > limit * (seen.trivial - story.perfect)


def died(story: Story) -> bool:
    """Whether units of a hidden layer are dead that were not before the first step."""
    now, begun = story.looks.layers(), story.looks.begun()
    if now is None or begun is None:
        return False
    before = {each.layer: each.share for each in begun.dead}
    return any(each.hidden and each.share > DEAD and before.get(each.layer, 1.0) < DEAD / 2 for each in now.dead)


def carried_up(story: Story) -> bool:
    """Whether a heavy momentum has carried the loss up again from its least."""
    seen, losses = story.beside_trivial, story.losses(story.judged)
    if seen is None or not heavy_momentum(story):
        return False
    return losses[-1] - min(losses) > RISEN * (seen.trivial - seen.perfect)


def is_long_step(story: Story) -> bool:
    """Whether each step moves every weight by so much that few leave anything of what they were: of optimizers that scale
    gradients, the rate is how far."""
    return has_gone_far(story) and story.rate >= (LONG if steps_by_rate(story.config.optimizer.name) else LONG_OTHERS)


def has_gone_far(story: Story) -> bool:
    """Whether weights are no more where they were drawn, as far as that is known: steps that were cut short were not long."""
    way = story.looks.moved()
    return way is None or way >= MOVED


def is_hasty(story: Story) -> bool:
    """Whether steps are long, and none but the first epochs brought validation anything."""
    return is_long_step(story) and story.best_epoch <= EARLY and len(story.history) >= STAYED


def rises_again(story: Story) -> bool:
    """Whether steps are long, and both losses end above where they have been: what learns by heart raises one alone."""
    seen, train = story.beside_trivial, story.losses("train")
    if seen is None or weighs(story) or not is_long_step(story) or len(train) < STAYED:
        return False
    return train[-1] - min(train) >= AGAIN * (seen.trivial - seen.perfect) and loses_validation(story)


def loses_validation(story: Story) -> bool:
    """Whether validation ends far above where it has been."""
    seen, losses = story.beside_trivial, story.losses("validation")
    return (
        seen is not None and bool(losses) and losses[-1] - min(losses) >= AGAIN_OUTSIDE * (seen.trivial - seen.perfect)
    )


def throws_far(story: Story) -> bool:
    """Whether the rate throws weights far out."""
    return story.rate >= (SURE if steps_by_rate(story.config.optimizer.name) else SURE_OTHERS)


def is_tossed(story: Story) -> bool:
    """Whether validation goes up and down in late epochs of steps that have thrown weights far out."""
    seen, way, losses = story.beside_trivial, story.looks.moved(), story.losses("validation")
    if seen is None or way is None or not throws_far(story) or way < FAR_OUT or len(losses) < TOSSED:
        return False
    return noise_of(losses[len(losses) // 2 :]) >= UNSTEADY * (seen.trivial - seen.perfect)


def is_too_sure(story: Story) -> bool:
    """Whether steps are so long that weights are thrown far out: classes are told right, and what is wrong is said as surely."""
    if not throws_far(story) or story.judged != "validation":
        return False
    share, wrong = left(story), mistakes_left(story, "validation")
    return share is not None and wrong is not None and share >= wrong + DEARER


def is_done(story: Story) -> bool:
    """Whether there were steps enough, at a rate that moves something, for the end of a curve to say what comes of it."""
    return bool(story.history[-1].get("step", MOST_STEPS) >= MOST_STEPS) and not has_run_out(story)


def has_run_out(story: Story) -> bool:
    """Whether a schedule has taken the rate away: what does not move at the end is not thrown about."""
    return bool(story.history[-1]["learning_rate"] < RUN_OUT * story.rate)


def heavy_momentum(story: Story) -> list[Advice]:
    """The usual momentum in the place of one that adds up too many steps."""
    momentum = story.config.optimizer.arguments.get("momentum")
    if not isinstance(momentum, float) or momentum <= HEAVY:
        return []
    why = (
        f"a momentum of {momentum:g} adds up about {1 / (1 - momentum):.0f} steps" if momentum < 1 else "it never ends"
    )
    return [Setting(key="optimizer.momentum", old=momentum, new=0.9, why=why)]
