# SPDX-License-Identifier: Apache-2.0
"""OpenVINO with its throughput hint on the benchmark's SavedModel: a worker as Worker.java is.

infer_openvino.py FOLDER, with the fixtures in FOLDER.
"""

import pathlib
import sys
import time

import numpy as np
import openvino as ov
import rival

SIZE = 224


def main():
    folder = pathlib.Path(sys.argv[1])
    pixels = np.fromfile(folder / "pixels.f32", np.float32).reshape(-1, SIZE, SIZE, 3)
    expected = np.fromfile(folder / "vectors.f32", np.float32).reshape(len(pixels), -1)
    core = ov.Core()
    model = core.read_model(folder / "saved_model")
    queues = {}

    def queue(batch):
        if batch not in queues:
            model.reshape([batch, SIZE, SIZE, 3])
            compiled = core.compile_model(
                model, "CPU", {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": "f32"})
            queues[batch] = ov.AsyncInferQueue(compiled)
        return queues[batch]

    actual = np.empty_like(expected)
    compared = queue(len(pixels))
    compared.set_callback(lambda request, _: np.copyto(actual, request.get_output_tensor().data))
    compared.start_async({0: pixels})
    compared.wait_all()

    def rate(words):
        batch = int(words["batch"])
        images = np.ascontiguousarray(np.resize(pixels, (batch, SIZE, SIZE, 3)))
        requests = queue(batch)
        done = [0]

        def count(request, _):
            request.get_output_tensor().data.copy()
            done[0] += batch

        requests.set_callback(count)
        requests.start_async({0: images})
        requests.wait_all()
        done[0] = 0
        start = time.perf_counter()
        while time.perf_counter() - start < float(words["seconds"]):
            requests.start_async({0: images})
        requests.wait_all()
        return done[0] / (time.perf_counter() - start)

    rival.serve(rival.compared(actual.ravel(), expected.ravel()), rate)


main()
