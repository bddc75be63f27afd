"""The words for the verdict on a training."""

from __future__ import annotations

from dlcli.view.sentences.sentence import Facts, Sentence, first_of


def healthy(facts: Facts) -> str:
    losses = f"from {facts['first']:.4g} to {facts['last']:.4g}"
    went = f"the {facts['split']} loss went {losses}, best at epoch {facts['best_epoch']}"
    if facts.get("epochs") == 1:
        went = f"the {facts['split']} loss is {facts['last']:.4g} after one epoch"
    if "reached" not in facts:
        return went
    how = "weighed as in training" if facts["weighed"] else "without what regularization adds"
    return f"{went}; {how} it is {facts['reached']:.4g}, and the {facts['method']} alone reaches {facts['trivial']:.4g}"


def trivial_title(facts: Facts) -> str:
    than = "than the trivial baseline"
    return f"hardly better {than}" if facts["reached"] < facts["trivial"] else f"no better {than}"


def no_better_than_trivial(facts: Facts) -> str:
    digits = 4 if f"{facts['reached']:.4g}" != f"{facts['trivial']:.4g}" or facts["reached"] == facts["trivial"] else 7
    weighed = "weighed " if facts.get("weighed") else ""
    trivial = f"the {facts['method']} alone reaches {facts['trivial']:.{digits}g}"
    far = [f"'{name}' deviates by {spread:.3g}" for name, spread in facts.get("far_targets", {}).items()]
    scale = f"; the target {first_of(far, more='more targets')}" if far else ""
    return f"the {weighed}{facts['split']} loss is {facts['reached']:.{digits}g}; {trivial}{scale}"


def overfits(facts: Facts) -> str:
    return (
        f"the validation loss rose from {facts['validation_lowest']:.4g} to {facts['validation_last']:.4g} "
        f"while the training loss fell from {facts['train_then']:.4g} to {facts['train_last']:.4g}"
    )


def still_improving(facts: Facts) -> str:
    last = f"the last {facts['epochs']} epochs" if facts["epochs"] > 1 else "the last epoch"
    return f"{last} lowered the loss from {facts['before']:.4g} to {facts['after']:.4g}"


def no_better_than_last_value(facts: Facts) -> str:
    last = f"saying the last value again reaches {facts['last_value']:.4g}"
    return f"the {facts['split']} loss is {facts['reached']:.4g}; {last}"


def no_lower_than_first(facts: Facts) -> str:
    return f"the {facts['split']} loss went from {facts['first']:.4g} to {facts['last']:.4g}"


def worse_by_metric_title(facts: Facts) -> str:
    return f"by {facts['metric']} no better than the trivial baseline"


def worse_by_metric(facts: Facts) -> str:
    metric = f"{facts['metric']} is {facts['own']:.4g}, and the {facts['method']} alone reaches {facts['constant']:.4g}"
    weighed = ", weighed as in training," if facts["weighed"] else ""
    return f"{metric}; by the loss{weighed} the model is better, {facts['reached']:.4g} against {facts['trivial']:.4g}"


SENTENCES = {
    "healthy": Sentence("healthy", healthy),
    "no_better_than_trivial": Sentence(
        "no better than the trivial baseline", no_better_than_trivial, titled=trivial_title
    ),
    "no_lower_than_first": Sentence("the loss did not fall", no_lower_than_first),
    "overfits": Sentence("overfits", overfits),
    "still_improving": Sentence("stopped while still improving", still_improving),
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
