"""Where a model stands between the constant answer and a perfect one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from dlcli.training.compared import Compared
from dlcli.training.evidence.classes_seen import ClassesSeen
from dlcli.training.evidence.neighbours import Neighbours
from dlcli.training.verdict.curve import keeps_its_pace, last_epochs, late_fall
from dlcli.training.verdict.story import Story

FEWEST, FLAT = 5, 0.03
"""Epochs that tell what a model comes to, of which the last take away less than this share."""
MOST_STEPS = 50
"""After fewer steps nothing has come to rest, however little each brings."""
AGO = 3
"""So many epochs ago, at least, validation came to its least where it is over."""
MOVED = 0.98
"""What is left of the first loss where it has hardly moved."""
NEAR = 0.1
"""So much more of the trivial loss than neighbours a model may leave that is as good as they."""
FREQUENT = 0.7
"""Up to this share of the most frequent class a model that says it alone has learnt nothing of what it was given."""
FEWEST_SAMPLES, FEWEST_OTHERS = 15, 5
"""Fewer say nothing of others, and fewer of other classes than the most frequent one nothing of these."""
BEYOND = 3.0
"""So many deviations above chance are none: of many trainings some are two above it."""
LEARNT = 0.8
"""The share of the trivial loss below which training has learnt its samples."""
HARDLY = 0.9
"""Above this share of the trivial loss what was learnt may be no more than how often each class occurs."""
LIKELY = 2.0
"""So many deviations above chance what is told of classes may be chance."""
SAYS_NOTHING = 0.95
"""So much of the mistakes of one answer neighbours leave that know nothing of a target."""
MARGIN = 0.98
"""A loss above this share of the trivial one is no better."""


def beside_trivial_in_training(story: Story) -> Compared | None:
    """The training loss beside that of the constant answer; that of the judged split where training was not looked at."""
    return story.looks.train() or story.beside_trivial


def share_left(seen: Compared | None) -> float | None:
    """How much of what the constant answer costs above a perfect one is left; None where nothing can be compared."""
    if seen is None or not math.isfinite(seen.reached) or seen.trivial <= seen.perfect:
        return None
    return max(0.0, (seen.reached - seen.perfect) / (seen.trivial - seen.perfect))


def may_be_chance(story: Story) -> bool:
    """Whether a model is judged on so few samples, or so few that are not of one class, that any number of them may be chance."""
    others = [sum(each.truth) - max(each.truth) for each in story.looks.classes(story.judged) if each.majority < 1]
    return 0 < story.looks.samples.get(story.judged, 0) < FEWEST_SAMPLES or any(each < FEWEST_OTHERS for each in others)


def left(story: Story) -> float | None:
    """How much of the trivial loss is left on the judged split."""
    return share_left(story.beside_trivial)


def left_in_training(story: Story) -> float | None:
    """How much of the trivial loss is left on the training split, without noise and regularization."""
    seen = story.beside_trivial
    return share_left(seen) if seen is not None and seen.split == "train" else share_left(story.looks.train())


def learnt_in_training(story: Story) -> float | None:
    """How much of the trivial loss is left in training: of a model with moving statistics never more than in the steps of
    the epoch that is kept, which answer with those of their samples."""
    share, seen = left_in_training(story), beside_trivial_in_training(story)
    if share is None or seen is None or seen.weighed or not story.looks.moving:
        return share
    return min(share, share_left(replace(seen, reached=story.losses("train")[story.kept_epoch - 1])) or 0.0)


def least_left_in_training(story: Story) -> float | None:
    """How much of the trivial loss was left in training where least was: at the end, or in an epoch that is not kept."""
    share, seen, losses = left_in_training(story), beside_trivial_in_training(story), story.losses("train")
    if share is None or seen is None or not losses:
        return share
    return min(share, share_left(replace(seen, reached=min(losses))) or 0.0)


def knows_by_heart(story: Story) -> bool:
    """Whether the run has shown that its model can learn its samples, be it in epochs that are not kept."""
    least = least_left_in_training(story)
    return (least is not None and least <= LEARNT) or any(map(beats_chance, story.looks.classes("train")))


def struggles(story: Story, *, above: float = 0.3) -> bool:
    """Whether much of the training loss is left that need not be, so that something is to be explained."""
    share = left_in_training(story)
    return share is None or (share > above and not (share < MARGIN and as_good_as_neighbours(story)))


def as_good_as_neighbours(story: Story) -> bool:
    """Whether a model has come to where it stays, and makes no more mistakes than the nearest neighbours of a sample do."""
    above = story.above("train")
    if not is_flat(story) or above[-1] > MOVED * above[0]:  # one that never moved has come to nothing
        return False
    own, known = mistakes_left(story), neighbours_left(story)
    return own is not None and known is not None and known < MARGIN and own <= known + NEAR


def is_flat(story: Story) -> bool:
    """Whether there were epochs enough to tell, and the last ones took nothing away."""
    train = story.above("train")
    steps = story.history[-1].get("step", MOST_STEPS) if story.history else 0
    return len(train) >= FEWEST and steps >= MOST_STEPS and late_fall(train) <= FLAT and not keeps_its_pace(train)


def is_over(story: Story) -> bool:
    """Whether validation has come to its least some epochs ago."""
    validation = story.losses("validation")
    return bool(validation) and validation.index(min(validation)) + AGO < len(validation)


def has_settled(story: Story) -> bool:
    """Whether more epochs bring nothing: training has come to rest, or validation is over."""
    return is_flat(story) or (len(story.history) >= FEWEST and is_over(story))


def mistakes_left(story: Story, split: str = "train") -> float | None:
    """How many of the mistakes of the constant answer the model makes in a split; of numbers how much of the loss is left in
    training.

    Where classes have weights, each counts the same, whatever its samples are.
    """
    seen = [each for each in story.looks.classes(split) if each.majority < 1]
    if not seen:
        return left_in_training(story) if split == "train" else None
    if counts_classes_alike(story):
        each = 1 / len(seen[0].recalls)
        return (1 - seen[0].balanced) / (1 - each)
    return (1 - seen[0].accuracy) / (1 - seen[0].majority)


def neighbours_left(story: Story) -> float | None:
    """How many of these the nearest neighbours of a sample make; None where they are not known."""
    known = story.looks.neighbours()
    return None if known is None else known.left(balanced=counts_classes_alike(story))


def known_of_inputs(story: Story) -> float | None:
    """How many of the mistakes of the constant answer neighbours make, or, where they are not known, a small network."""
    left = neighbours_left(story)
    if left is not None:
        return left
    network = story.looks.small_network()
    return None if network is None else network.left(balanced=counts_classes_alike(story))


def is_chance(seen: Neighbours) -> bool:
    """Whether as many of classes are told rightly by chance."""
    noise = LIKELY * math.sqrt(seen.trivial * (1 - seen.trivial) / seen.samples)
    return seen.classes and seen.known <= seen.trivial + noise


def frozen_from_the_first(story: Story) -> Mapping[str, str | None]:
    """The layers that do not learn and are as they were drawn, with their entries: no phase trained and no file gave them."""
    capacity = story.looks.capacity()
    given = story.config.weights is not None or story.config.train.phases
    return {} if capacity is None or given else capacity.frozen


def weighs(story: Story) -> bool:
    """Whether samples or classes weigh differently in training, so that its losses are in a unit of their own."""
    return story.config.train.class_weight is not None or story.config.train.sample_weight is not None


def looked_at(story: Story, seen: ClassesSeen) -> int | None:
    """How many samples were answered, where these are not all of the split."""
    return seen.samples if seen.samples < story.looks.samples.get(seen.split, 0) else None


def counts_classes_alike(story: Story) -> bool:
    """Whether the weights of classes make mistakes in a rare one cost more."""
    return story.config.train.class_weight is not None


def better_by_metric(story: Story) -> bool:
    """Whether classes are told apart by more than chance on the judged split, whatever the loss says."""
    return any(beats_chance(seen) for seen in story.looks.classes(story.judged))


def beats_chance(seen: ClassesSeen) -> bool:
    """Whether the mean recall of the classes is above that of one answer for all, by more than its noise."""
    classes = len(seen.recalls)
    if classes < 2:
        return False
    fewest = min(count for count in seen.truth if count)
    noise = BEYOND * math.sqrt(1 / classes * (1 - 1 / classes) / max(min(seen.samples, fewest * classes), 1))
    return seen.balanced > 1 / classes + noise


def says_what_is_frequent(story: Story) -> bool:
    """Whether hardly anything of the trivial loss is gone, and no classes are told apart: the score is that of one answer.

    Of a rare class a loss learns much before an answer says so; of classes that say so a loss learns as much.
    """
    share, seen = left(story), story.looks.classes(story.judged)
    if share is None or share < HARDLY or not seen or better_by_metric(story):
        return False
    return all(len(each.recalls) > 1 and each.accuracy <= each.majority < FREQUENT for each in seen)


def no_better(story: Story) -> bool:
    """Whether neither loss nor metric is better than what the constant answer reaches."""
    share = left(story)
    return share is not None and share >= MARGIN and not better_by_metric(story)


def lasting(story: Story, seen: Compared) -> float:
    """The share of validation that one of the last epochs left of what the one before it had."""
    losses = [each - seen.perfect for each in story.losses("validation")]
    window = last_epochs(losses)
    began, ended = losses[-1 - window], losses[-1]
    return min(1.0, ended / began) ** (1 / window) if window and ended > 0 < began else 1.0
