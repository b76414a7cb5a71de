# SPDX-License-Identifier: Apache-2.0
"""Beam's RunInference on the benchmark's SavedModel, from JPEG bytes: a worker as Worker.java is.

end_to_end_beam.py FOLDER, with the fixtures in FOLDER. Decoding and scaling are TensorFlow's own,
the runner is Beam's local one with two threads.
"""

import pathlib
import sys
import time

import apache_beam as beam
import numpy as np
import rival
import tensorflow as tf
from apache_beam.ml.inference.base import ModelHandler, RunInference
from apache_beam.options.pipeline_options import PipelineOptions

SIZE = 224
WARM_UP = 0.15
DONE = []


def pixels(jpeg):
    image = tf.image.convert_image_dtype(tf.io.decode_jpeg(jpeg, channels=3), tf.float32)
    return tf.image.resize(image, [SIZE, SIZE]).numpy()


class SavedModel(ModelHandler):
    def __init__(self, folder):
        super().__init__()
        self._folder = folder

    def load_model(self):
        return tf.saved_model.load(self._folder).signatures["serving_default"]

    def run_inference(self, batch, model, inference_args=None):
        vectors = next(iter(model(inputs=tf.constant(np.stack(batch))).values())).numpy()
        DONE.extend([time.perf_counter()] * len(batch))
        return list(vectors)

    def batch_elements_kwargs(self):
        return {"min_batch_size": 8, "max_batch_size": 8}


def embed(photos, folder):
    """Runs a pipeline, and gives the images a second after its warm-up."""
    DONE.clear()
    options = PipelineOptions(
        runner="DirectRunner", direct_running_mode="multi_threading", direct_num_workers=2)
    with beam.Pipeline(options=options) as pipeline:
        _ = (
            pipeline
            | beam.Create(photos)
            | beam.Map(pixels)
            | RunInference(SavedModel(folder))
            | beam.Map(lambda vector: vector.tobytes()))
    times = sorted(DONE)
    first = int(len(times) * WARM_UP)
    return (len(times) - 1 - first) / (times[-1] - times[first])


def main():
    folder = pathlib.Path(sys.argv[1])
    model = str(folder / "saved_model")
    photos = [file.read_bytes() for file in sorted((folder / "photos").iterdir())]
    expected = np.fromfile(folder / "vectors.f32", np.float32).reshape(16, -1)
    handler = SavedModel(model)
    actual = handler.run_inference(
        [pixels(photos[i % len(photos)]) for i in range(len(expected))], handler.load_model())
    latest = embed((photos * 100)[:100], model)

    def rate(words):
        nonlocal latest
        count = max(64, int(latest * float(words["seconds"])))
        latest = embed([photos[i % len(photos)] for i in range(count)], model)
        return latest

    rival.serve(rival.compared(np.stack(actual).ravel(), expected.ravel()), rate)


if __name__ == "__main__":
    # Beam copies what belongs to the main module into its workers, and shares what is imported.
    import end_to_end_beam

    end_to_end_beam.main()
