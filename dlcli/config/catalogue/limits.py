"""What Keras has but a configuration may not use, with the alternative; and ranges outside which an argument is a slip."""

from __future__ import annotations

CODE = "it runs Python code"
REFUSED: dict[str, dict[str, str]] = {
    "layers": {
        "Lambda": f"{CODE}; write the same with Keras's layers (Rescaling, Reshape, Activation, …)",
        "TFSMLayer": f"it loads a SavedModel, which can hold any operation; {CODE}",
        "JaxLayer": f"{CODE} of JAX; write the layers in Keras",
        "FlaxLayer": f"{CODE} of Flax; write the layers in Keras",
        "TorchModuleWrapper": f"{CODE} of PyTorch; write the layers in Keras",
        "Wrapper": "it is a base class without a computation; use TimeDistributed, Bidirectional or SpectralNormalization",
        "InputLayer": "the inputs come from the data section",
    },
    "optimizers": {
        "MultiOptimizer": "it assigns optimizers to variables in Python; use one optimizer",
    },
    "metrics": {
        "MeanMetricWrapper": "it wraps a Python function; use the metric's own name",
        "Mean": "it reads one value, not a target and a prediction",
        "Sum": "it reads one value, not a target and a prediction",
    },
    "callbacks": {
        "LambdaCallback": f"{CODE}",
        "LearningRateScheduler": f"{CODE}; give the optimizer a schedule: learning_rate: {{CosineDecay: …}}",
        "RemoteMonitor": "it sends the run over the network",
        "BackupAndRestore": "dlcli saves checkpoints itself",
        "OrbaxCheckpoint": "dlcli saves checkpoints itself",
        "ModelCheckpoint": "dlcli saves the model and the best weights in the run itself",
        "History": "dlcli keeps the history in metrics.jsonl",
        "ProgbarLogger": "dlcli shows the progress itself",
        "CallbackList": "write a list of callbacks",
        "EarlyStopping": "write train.early_stopping: {monitor: val_loss, patience: 5}",
        "ReduceLROnPlateau": "write train.reduce_on_plateau: {monitor: val_loss, factor: 0.1, patience: 10}",
        "TerminateOnNaN": "dlcli stops by itself when the loss or a weight is not finite",
    },
}

FORBIDDEN = frozenset({"vocabulary", "idf_weights"})
"""Arguments that Keras would read a file for; they must be written out."""

COUNT = (1.0, None, False)
WIDTH = (1.0, 10_000_000.0, False)
RATE = (0.0, 1.0, False)
LEAST: dict[str, tuple[float, float | None, bool]] = {
    "units": WIDTH,
    "filters": WIDTH,
    "kernel_size": COUNT,
    "pool_size": COUNT,
    "strides": COUNT,
    "input_dim": COUNT,
    "output_dim": COUNT,
    "num_heads": COUNT,
    "key_dim": COUNT,
    "max_tokens": COUNT,
    "rate": RATE,
    "dropout": RATE,
    "recurrent_dropout": RATE,
    "learning_rate": (0.0, None, True),
    "initial_learning_rate": (0.0, None, True),
    "clipnorm": (0.0, None, True),
    "clipvalue": (0.0, None, True),
    "global_clipnorm": (0.0, None, True),
    "weight_decay": (0.0, None, False),
    "decay_steps": COUNT,
    "first_decay_steps": COUNT,
}
"""By argument: the least value, the greatest or None, and whether the least itself is excluded."""
