"""The same sample in two splits."""

from __future__ import annotations

from dlcli.data.dataset import Dataset
from dlcli.data.findings.finding import Finding


def same_rows(dataset: Dataset) -> Finding | None:
    """Inputs of validation or test that training has too, value for value."""
    import hashlib

    def digests(split: str) -> list[bytes]:
        inputs = [tensor.reshape(len(tensor), -1) for tensor in dataset.splits[split].inputs.values()]
        return [
            hashlib.blake2b(b"".join(tensor[row].tobytes() for tensor in inputs), digest_size=16).digest()
            for row in range(len(inputs[0]))
        ]

    train = set(digests("train"))
    counts = {split: sum(each in train for each in digests(split)) for split in dataset.splits if split != "train"}
    seen = [f"{count} of {split}" for split, count in counts.items() if count]
    if not seen:
        return None
    return Finding(
        "the same samples in two splits",
        "warning",
        f"{' and '.join(seen)} are in the training split too",
        "remove the copies, or keep them together: data.split.by: group:COLUMN",
    )
