"""Keras's own `fit` as one of the workers that TF_CONFIG names: prints whether it works.

TF_CONFIG=… python tests/stock_fit.py
"""

from __future__ import annotations

import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf

strategy = tf.distribute.MultiWorkerMirroredStrategy()
x, y = np.ones((64, 4), np.float32), np.zeros(64, np.int64)
with strategy.scope():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
try:
    model.fit(tf.data.Dataset.from_tensor_slices((x, y)).batch(32), epochs=1, verbose=0)
    words = "works"
except (ValueError, tf.errors.OpError) as error:
    words = f"fails: {type(error).__name__}"
print(words, flush=True)
os._exit(0)
