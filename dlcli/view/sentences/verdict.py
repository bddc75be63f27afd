"""The words for the verdict on a training."""

from __future__ import annotations

import math

from dlcli.view.console.tables import number
from dlcli.view.sentences.fits import beside_neighbours, cannot_fit
from dlcli.view.sentences.leaks import suspicious_title, suspiciously_good
from dlcli.view.sentences.rates import rate_too_high, rate_too_low, rate_too_low_title, schedule_ended
from dlcli.view.sentences.scale import far_title, inputs_far_from_scale, target_far_from_scale
from dlcli.view.sentences.sentence import Facts, Sentence, first_of, listed, moved_away

NOTHING_ADDED = 1e-3
"""Up to such a share a loss that was computed once more is the one that is shown."""
SAYS_NOTHING = 0.95
"""So much of the mistakes is left of neighbours that tell nothing of a target."""


def healthy(facts: Facts) -> str:
    best = f"best at epoch {facts['best_epoch']}"
    if "reached" in facts:  # one unit: what is weighed is not set beside what is not
        shown = math.isclose(facts["reached"], facts["last"], rel_tol=NOTHING_ADDED)
        how = "weighed as in training " if facts["weighed"] else "" if shown else "without what regularization adds "
        alone = f"the {facts['method']} alone reaches {number(facts['trivial'])}"
        return f"{how}the {facts['split']} loss is {number(facts['reached'])}, and {alone}; {best}"
    first, last = f"{number(facts['first'])}", f"{number(facts['last'])}"
    losses = f"is {last}" if first == last else f"went from {first} to {last}"
    return f"the {facts['split']} loss {losses}, {best}"


def too_early_to_say(facts: Facts) -> str:
    missing = facts.get("missing")
    if missing == "better":
        return f"{healthy(facts)}; that is not clearly better"
    if missing == "gap":
        return f"{healthy(facts)}; of the training loss far less is left"
    if missing == "network":
        return f"{healthy(facts)}; it {beside_neighbours(facts['beside'])}"
    if missing == "metric":
        return f"{healthy(facts)}; of classes it says one alone"
    if missing == "best":
        kept = f"what is kept, of epoch {facts['kept']}, has a {facts['split']} loss of {number(facts['last'])}"
        return f"{kept}; in epoch {facts['least_epoch']} it was {number(facts['least'])}"
    epochs = "one epoch says" if facts["epochs"] == 1 else f"{facts['epochs']} epochs say"
    last = f"; the {facts['split']} loss is {number(facts['last'])}" if facts["last"] is not None else ""
    return f"{epochs} nothing yet{last}"


def too_early_title(facts: Facts) -> str:
    titles = {"best": "the best epoch is not kept", "network": "more can be learnt", None: "too early to say"}
    return titles.get(facts.get("missing"), "no judgement")


def trivial_title(facts: Facts) -> str:
    than = "than the trivial baseline"
    return f"hardly better {than}" if facts["reached"] < facts["trivial"] else f"no better {than}"


def no_better_than_trivial(facts: Facts) -> str:
    reached, least = facts["reached"], facts["trivial"]
    digits = 4 if number(reached) != number(least) or reached == least else 7
    weighed = "weighed " if facts.get("weighed") else ""
    trivial = f"the {facts['method']} alone reaches {number(least, digits=digits)}"
    accuracy = facts.get("accuracy")
    told = (
        "" if accuracy is None else f", and the accuracy {number(accuracy)} is no better than that of one class for all"
    )
    return f"the {weighed}{facts['split']} loss is {number(reached, digits=digits)}; {trivial}{told}"


def overfits(facts: Facts) -> str:
    if not facts.get("turned", True):
        inside, outside = facts.get("left") or (None, None)
        shares = "" if inside is None else f"; {inside:.0%} of the trivial loss is left there, and {outside:.0%} here"
        return (
            f"the validation loss is {number(facts['validation_last'])}, that of training {number(facts['train_last'])}: "
            f"what is learnt there holds here in part{shares}"
        )
    return (
        f"the validation loss rose from {number(facts['validation_lowest'])} to {number(facts['validation_last'])} "
        f"while the training loss fell from {number(facts['train_then'])} to {number(facts['train_last'])}"
    )


def still_improving(facts: Facts) -> str:
    last = f"the last {facts['epochs']} epochs" if facts["epochs"] > 1 else "the last epoch"
    return f"{last} lowered the loss from {number(facts['before'])} to {number(facts['after'])}"


def no_better_than_last_value(facts: Facts) -> str:
    last = f"saying the last value again reaches {number(facts['last_value'])}"
    return f"the {facts['split']} loss is {number(facts['reached'])}; {last}"


def no_lower_than_first(facts: Facts) -> str:
    return f"the {facts['split']} loss went from {number(facts['first'])} to {number(facts['last'])}"


def worse_by_metric_title(facts: Facts) -> str:
    return f"by {facts['metric']} no better than the trivial baseline"


def worse_by_metric(facts: Facts) -> str:
    metric = f"{facts['metric']} is {number(facts['own'])}, and the {facts['method']} alone reaches {number(facts['constant'])}"
    weighed = ", weighed as in training," if facts["weighed"] else ""
    return f"{metric}; by the loss{weighed} the model is better, {number(facts['reached'])} against {number(facts['trivial'])}"


def diverged(facts: Facts) -> str:
    if facts["what"] == "rise":
        seen = f"the loss rose from {number(facts['first'])} to {number(facts['value'])} in {facts['epoch']} epochs"
    elif facts["what"] == "weight":
        seen = f"the weight {facts['weight']} became {facts['value']} in epoch {facts['epoch']}"
    else:
        seen = f"the loss became {number(facts['value'])} in epoch {facts['epoch']}"
    rate = facts["learning_rate"]
    causes = {
        "inputs": "the inputs are far from unit scale",
        "target": "the target is far from unit scale",
        "first_weights": "the gradients were huge before the first step",
        "padding": "samples have nothing but padding, of which there is no mean",
        "logarithm": "the loss takes a logarithm of answers, and the last layer may put out some below 0",
        "start": "before anything was learnt",
        "rate": f"at a learning rate of {rate:g}" if rate else "in its first steps",
    }
    return f"{seen}; {causes[facts['cause']]}"


def one_class_only(facts: Facts) -> str:
    if not facts["held"]:
        return f"'{facts['target']}' is the same in every training sample"
    by = f", which is split by {facts['by']}" if facts.get("by") else ""
    return f"{facts['split']} holds {listed(facts['held'])} of '{facts['target']}' and lacks {listed(facts['missing'])}{by}"


def dead_units(facts: Facts) -> str:
    when = "before the first step already" if facts["from_start"] else "at the end"
    return f"{facts['dead']} of {facts['units']} units of {facts['layer']} are 0 for every sample, {when}"


def vanishing_gradients(facts: Facts) -> str:
    if not facts["ratio"]:
        return f"no gradient arrives at {facts['layer']}"
    others = f"that of others up to {facts['largest']:.1e}"
    return f"the gradient of {facts['layer']} is {facts['ratio']:.1e} of its weights, {others}"


def exploding_gradients(facts: Facts) -> str:
    if facts.get("why") == "answers":
        first, trivial = number(facts["first"]), number(facts["trivial"])
        return f"the loss of the first epoch was {first}, that of the constant answer {trivial}: the first answers lay far away"
    norm, weights = number(facts["norm"], digits=2), number(facts["weights"], digits=2)
    return f"the gradient of {facts['layer']} has the norm {norm} beside weights of {weights}"


def exploding_title(facts: Facts) -> str:
    return "first weights too large" if facts.get("why") == "answers" else "gradients explode"


def statistics_lag(facts: Facts) -> str:
    stands = f"the {facts['split']} loss is {number(facts['reached'])}{' at the end' if facts.get('at_end') else ''}"
    loss = f"{stands}, and {number(facts['settled'])} with fresh statistics"
    keep = f"{listed(facts['layers'])} {'keeps' if len(facts['layers']) == 1 else 'keep'} {facts['momentum']:g} of the old ones"
    return f"{loss}: {keep} at each of {facts['steps']} step{'s' * (facts['steps'] > 1)} an epoch"


def splits_differ(facts: Facts) -> str:
    moved = [moved_away(each) for each in facts["moved"]]
    losses = f"the validation loss is {number(facts['validation'])}, that of training {number(facts['train'])}"
    if facts.get("names"):
        return called_otherwise(facts["names"])
    if facts.get("trivial") is not None:
        constant = f"where one answer for all costs {number(facts['trivial'])}"
        return f"{losses}, in the first epoch already, {constant}: what training teaches does not hold here"
    if facts["relation"] is None:
        return f"{losses}; {first_of(moved)}"
    inside, outside = facts["relation"]
    nearest = f"the nearest training samples leave {inside:.0%} of the mistakes of one answer for all in training"
    return f"{losses}; {nearest}, and {outside:.0%} here: the same inputs mean something else"


def called_otherwise(names: Facts) -> str:
    """That classes are other ones on validation than in training."""
    right = f"{names['inside']:.0%} of training is answered rightly, {names['outside']:.0%} of validation"
    other = f"{names['renamed']:.0%} of it would be with other names for its classes"
    return f"{right}; {other}: '{names['class']}' is answered as '{names['said']}' in {names['often']:.0%}"


def predicts_one_class(facts: Facts) -> str:
    answers = f"{facts['share']:.0%} of the answers on {facts['split']} are '{facts['class']}'"
    falling = "; the loss still falls from above that of one answer for all" if facts.get("falling") else ""
    return f"{answers}, and {facts['others']} {facts.get('counted', 'samples')} are not{falling}{of_some(facts)}"


def does_not_learn(facts: Facts) -> str:
    if facts["why"] == "target":
        own = f"the {facts['split']} loss of '{facts['target']}' is {number(facts['reached'])}"
        constant = f"one answer for all of it costs {number(facts['trivial'])}"
        return f"{own}, and {constant}; '{facts['other']}' is learnt, with {facts['left']:.0%} of its own left"
    if facts["why"] == "by_heart":
        heart = f"{facts['left']:.0%} of the trivial loss is left in training"
        constant = f"where one answer for all costs {number(facts['trivial'])}"
        return f"{heart}, and on validation it was never below {number(facts['least'])}, {constant}"
    known = facts["neighbours"]
    tells = "" if known is None else f"; the nearest samples leave {min(known, 1):.0%}"
    tells += ", so that the inputs say next to nothing of it" if known is not None and known >= SAYS_NOTHING else ""
    frozen = (
        f"; {listed(facts['frozen'])} {'is' if len(facts['frozen']) == 1 else 'are'} frozen" if facts["frozen"] else ""
    )
    sequence = "sample" if facts.get("numbers") else "text"
    padding = (
        f"; {facts['padding']:.0%} of what is read step by step stands behind the end of its {sequence}"
        if facts["padding"]
        else ""
    )
    return f"{facts['left']:.0%} of the trivial loss is left in training{tells}{frozen}{padding}"


def underfits(facts: Facts) -> str:
    if facts["why"] == "room":
        return f"{'training' if facts['split'] == 'train' else facts['split']} {beside_neighbours(facts)}"
    rest = f"{facts['left']:.0%} of the trivial loss is left"
    if facts["why"] == "weight":
        share = number(facts["counts"], digits=2)
        counts = f"with the weight {facts['weight']:g} its loss is {share} of what all targets cost together"
        return f"{facts['left']:.0%} of the trivial loss of '{facts['target']}' is left; {counts}"
    if facts["why"] == "frozen":
        are = "is" if len(facts["by"]) == 1 else "are"
        left = f"{facts['left']:.0%} of what one answer for all gets wrong is left in training"
        return f"{left}; {listed(facts['by'])} {are} frozen as drawn"
    if "changed" in facts:
        network = f"of these a small network learns to leave {facts['changed']:.0%}, of samples as they are"
        return f"{rest} with {listed(facts['by'])}; {network} {facts['known']:.0%}"
    if facts["why"] == "augmented":
        fell = f"from {number(facts['before'])} to {number(facts['after'])} in {facts['steps']} steps"
        return f"{rest} with {listed(facts['by'])}; without, validation fell {fell}"
    if facts["why"] == "cropped":
        return f"{listed(facts['by'])} keeps {facts['part']:.0%} of a picture, and {rest}"
    if facts["why"] == "words":
        cut = [f"{facts['unknown']:.0%} are not in the vocabulary"] if facts["unknown"] >= facts["behind"] else []
        cut = cut or [f"{facts['behind']:.0%} stand behind the length of a sample"]
        return f"of the words of '{facts['by'][0]}' {cut[0]}, and {rest}"
    if facts["why"] == "decay":
        return f"each step takes a share of every weight, by a decay of {facts['decay']:g}, and {rest}"
    if facts["cost"]:
        return f"the weights of {listed(facts['by'])} cost {number(facts['cost'])}, and {rest}"
    leave = "leaves" if len(facts["by"]) == 1 else "leave"
    of = " of the answers" if facts.get("answers") else ""
    return f"{listed(facts['by'])} {leave} out {facts['share']:.0%}{of}, and {rest}"


def not_judged(facts: Facts) -> str:
    return f"a bug in dlcli kept it from being worked out: {facts['error']}; the training itself is whole"


def stopped_too_early(facts: Facts) -> str:
    epochs, waited = facts["epochs"], facts.get("patience")
    ended = f"it ended after {epochs} epoch{'s' * (epochs != 1)}"
    whys = {
        "until": f"its condition was met there, with a loss of {number(facts['last'])}, before there was a curve",
        "not_finite": f"{facts.get('monitor')} was never a finite number",
        "mode": f"{facts.get('monitor')} was to get {'more' if facts.get('mode') == 'max' else 'less'}",
        "min_delta": f"{facts.get('monitor')} still got better, by less than {facts.get('min_delta')} at a time",
        "first": f"{facts.get('monitor')} was best in the first, and the {facts.get('split')} loss then fell from "
        f"{number(facts.get('before', 0))} to {number(facts.get('after', 0))}",
        "coarse": f"{facts.get('monitor')} stayed at {number(facts.get('best', 0))}, while the {facts.get('split')} loss fell "
        f"from {number(facts.get('before', 0))} to {number(facts.get('after', 0))}",
        "patience": f"it waited for {waited} epoch{'s' * (waited != 1)}, and the training loss was still falling",
    }
    return f"{ended}: {whys.get(facts['why'], 'the loss was still falling')}"


def plateau(facts: Facts) -> str:
    wasted = facts["epochs"] - facts["since_epoch"] + 1
    return f"the last {wasted} of {facts['epochs']} epochs brought nothing; the loss is {number(facts['last'])}"


def validation_too_small(facts: Facts) -> str:
    if facts.get("class") is not None:
        counted = facts["counted"] if facts["class_samples"] > 1 else facts["counted"].removesuffix("s")
        none = "none of which is found" if facts["class_samples"] > 1 else "which is not found"
        return (
            f"'{facts['class']}' has {facts['class_samples']} validation {counted}, {none}: too few to say more of it"
        )
    if facts["accuracy"] is None:
        if "reached" not in facts:
            return f"{facts['samples']} validation samples"
        reached, trivial = number(facts["reached"]), number(facts["trivial"])
        return f"of {facts['samples']} validation samples a loss of {reached} beside the {trivial} of one answer may be chance"
    shown = f"the accuracy {number(facts['accuracy'])} of {facts['samples']} validation samples"
    low, high = facts["low"], facts["high"]
    least, most, majority = (number(each, digits=2) for each in (low, high, facts["majority"]))
    return f"{shown} may be {least} to {most}, and one answer for all reaches {majority}"


def imbalanced(facts: Facts) -> str:
    counted = facts.get("counted", "samples")
    found = f"of {facts['samples']} {counted} of '{facts['class']}' {facts['recall']:.0%} are found"
    return f"{found}, while the accuracy on {facts['split']} is {number(facts['accuracy'])}{of_some(facts)}"


def of_some(facts: Facts) -> str:
    """That not all samples were looked at, where it is so."""
    return f"; of {facts['looked_at']} samples that were looked at" if facts.get("looked_at") else ""


def validation_not_finite(facts: Facts) -> str:
    epochs = f"in {facts['epochs']} of {facts['of']} epochs" if facts["of"] > 1 else "in its epoch"
    said = f"the validation loss was {facts['value']} {epochs}"
    seen = facts["unanswered"]
    if seen is None:
        return f"{said}, and tells nothing of the model"
    first = seen.get("at") or f"row {seen['row']}"
    said += f": the model makes no number of {seen['count']} of {seen['samples']} samples there, first of {first}"
    if seen["empty"] is None:
        return said
    has = "no word" if seen["text"] else "nothing"
    return f"{said}, where '{seen['empty']}' has {has} but padding; leave it out, or put a token in front of a mean"


SENTENCES = {
    "cannot_fit": Sentence("the model cannot fit the data", cannot_fit),
    "dead_units": Sentence("dead units", dead_units),
    "diverged": Sentence("diverged", diverged),
    "does_not_learn": Sentence("does not learn", does_not_learn),
    "exploding_gradients": Sentence("gradients explode", exploding_gradients, titled=exploding_title),
    "healthy": Sentence("healthy", healthy),
    "imbalanced": Sentence("a class is hardly ever found", imbalanced),
    "inputs_far_from_scale": Sentence(
        "inputs far from unit scale", inputs_far_from_scale, titled=lambda facts: far_title(facts, "inputs")
    ),
    "no_better_than_trivial": Sentence(
        "no better than the trivial baseline", no_better_than_trivial, titled=trivial_title
    ),
    "no_lower_than_first": Sentence("the loss did not fall", no_lower_than_first),
    "not_judged": Sentence("no verdict", not_judged),
    "one_class_only": Sentence("a split lacks classes", one_class_only),
    "overfits": Sentence("overfits", overfits),
    "plateau": Sentence("a long flat end", plateau),
    "predicts_one_class": Sentence("predicts one class", predicts_one_class),
    "rate_too_high": Sentence("learning rate too high", rate_too_high),
    "rate_too_low": Sentence("learning rate too low", rate_too_low, titled=rate_too_low_title),
    "schedule_ended": Sentence("the schedule ended before the learning", schedule_ended),
    "splits_differ": Sentence("validation lies elsewhere than training", splits_differ),
    "statistics_lag": Sentence("moving statistics lag behind", statistics_lag),
    "still_improving": Sentence("stopped while still improving", still_improving),
    "stopped_too_early": Sentence("stopped too early", stopped_too_early),
    "suspiciously_good": Sentence("suspiciously good", suspiciously_good, titled=suspicious_title),
    "target_far_from_scale": Sentence(
        "target far from unit scale", target_far_from_scale, titled=lambda facts: far_title(facts, "target")
    ),
    "too_early_to_say": Sentence("too early to say", too_early_to_say, titled=too_early_title),
    "underfits": Sentence("underfits", underfits),
    "validation_not_finite": Sentence("no finite number in validation", validation_not_finite),
    "validation_too_small": Sentence("few validation samples", validation_too_small),
    "vanishing_gradients": Sentence("gradients vanish", vanishing_gradients),
    "no_better_than_last_value": Sentence(
        "no better than the last value",
        no_better_than_last_value,
        "let the model add to the last value (ops and Add), or forecast the change instead of the value",
    ),
    "worse_by_metric": Sentence(
        "by a metric no better than the trivial baseline",
        worse_by_metric,
        titled=worse_by_metric_title,
    ),
}
