#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks a SavedModel that `embed model export` or `embed fine-tune` wrote, with TensorFlow's Python.

    pip install tensorflow-cpu==2.18.* tensorflow_hub==0.16.* tf_keras==2.18.*
    ./embed image --json --model MODEL_DIR PHOTO... > vectors.ndjson
    python3 src/it/python/check_reusable_savedmodel.py MODEL_DIR vectors.ndjson

Sees that tf.saved_model.load and hub.KerasLayer(trainable=True) load it, give the same vectors as the
command line to 1e-4, and train: one step changes weights and, by the formula of batch normalisation,
moving averages; and that Python can save it again. Exits with 1 and says what is wrong otherwise.
"""
import json
import os
import sys
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np
import tensorflow as tf
import tensorflow_hub as hub
import tf_keras


def require(condition, message):
    if not condition:
        sys.exit("check failed: " + message)


def read_images(answers, size):
    images = []
    for answer in answers:
        decoded = tf.io.decode_image(tf.io.read_file(answer["id"]), channels=3, expand_animations=False)
        floats = tf.image.convert_image_dtype(decoded, tf.float32)
        images.append(tf.image.resize(floats, [size, size]))
    return tf.stack(images)


def check_vectors(name, actual, expected):
    difference = float(np.max(np.abs(np.asarray(actual) - expected)))
    print(f"{name}: {len(expected)} vectors of {expected.shape[1]}, largest difference {difference:.2g}")
    require(difference <= 1e-4, f"{name} gives other vectors")


def check_training(directory, images, classes):
    layer = hub.KerasLayer(directory, trainable=True)
    model = tf_keras.Sequential([layer, tf_keras.layers.Dense(2)])
    model(images[:1])
    trainable = len(layer.trainable_weights)
    moving = [v for v in layer.non_trainable_weights if "moving" in v.name]
    require(trainable == 156 + (2 if classes else 0), f"{trainable} trainable weights")
    require(len(moving) == 104, f"{len(moving)} moving averages")
    print(f"KerasLayer: {trainable} trainable weights, {len(moving)} moving averages, {len(layer.losses)} losses")
    before = [v.numpy() for v in layer.trainable_weights]
    before_moving = [v.numpy() for v in moving]
    # The first layer's own statistics, from its kernel.
    kernel = next(v for v in layer.trainable_weights if len(v.shape) == 4 and v.shape[2] == 3)
    mean = tf.nn.conv2d(images * 2 - 1, kernel, 2, "SAME").numpy().mean((0, 1, 2))
    labels = tf.constant([i % 2 for i in range(len(images))])
    with tf.GradientTape() as tape:
        logits = model(images, training=True)
        data = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
        loss = data + tf.add_n(layer.losses or [tf.constant(0.0)])
    gradients = tape.gradient(loss, layer.trainable_weights)
    require(all(g is not None for g in gradients), "a weight has no gradient")
    tf_keras.optimizers.SGD(0.01, 0.9).apply_gradients(zip(gradients, layer.trainable_weights))
    require(np.isfinite(float(loss)), f"the loss is {float(loss)}")
    changed = sum(bool(np.any(a != v.numpy())) for a, v in zip(before, layer.trainable_weights))
    moved = sum(bool(np.any(a != v.numpy())) for a, v in zip(before_moving, moving))
    print(f"one step: loss {float(loss):.4f}, {changed} weights and {moved} moving averages changed")
    require(changed >= trainable - 2 and moved == 104, "training leaves something as it was")
    first = [i for i, v in enumerate(moving) if v.name.endswith("Conv/BatchNorm/moving_mean:0")]
    require(len(first) == 1, "there is no moving mean of the first layer")
    old, new = before_moving[first[0]], moving[first[0]].numpy()
    decay = float(np.median(1 - (old - new) / (old - mean)))
    difference = float(np.max(np.abs(old - (old - mean) * (1 - decay) - new)))
    print(f"moving mean of the first layer: decay {decay:.4f}, largest difference {difference:.2g}")
    require(difference < 1e-5 and 0.5 < decay < 1, "the moving mean is off its formula")


def main(directory, vectors):
    with open(vectors, encoding="utf-8") as lines:
        answers = [answer for answer in map(json.loads, lines) if "vector" in answer]
    require(answers, "there are no vectors in " + vectors)
    expected = np.array([answer["vector"] for answer in answers], np.float32)
    classes = "scores" in answers[0]
    loaded = tf.saved_model.load(directory)
    spec = loaded.signatures["serving_default"].structured_input_signature[1]["inputs"]
    size = spec.shape[1]
    images = read_images(answers, size)
    heads = 2 if classes else 0
    require(len(loaded.variables) == 260 + heads, f"{len(loaded.variables)} variables")
    require(len(loaded.trainable_variables) == 156 + heads, f"{len(loaded.trainable_variables)} trainable")
    losses = [float(loss()) for loss in loaded.regularization_losses]
    print(f"load: {len(loaded.variables)} variables, {len(loaded.trainable_variables)} trainable, "
          f"{len(losses)} regularisation losses, together {sum(losses):.6f}")
    check_vectors("__call__", loaded(images), expected)
    check_vectors("serving_default", list(loaded.signatures["serving_default"](inputs=images).values())[0], expected)
    check_vectors("KerasLayer", hub.KerasLayer(directory)(images), expected)
    check_training(directory, images, classes)
    with tempfile.TemporaryDirectory() as again:
        tf.saved_model.save(loaded, again)
        check_vectors("saved again by Python", tf.saved_model.load(again)(images), expected)
    print("all is well")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
