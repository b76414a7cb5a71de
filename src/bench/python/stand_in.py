# SPDX-License-Identifier: Apache-2.0
"""Stands in the smoke run for rivals that Python lacks: reads the fixtures, multiplies, says so.

stand_in.py FOLDER, with the fixtures in FOLDER. Needs nothing but Python.
"""

import array
import pathlib
import sys
import time

import rival


def main():
    vectors = array.array("f", (pathlib.Path(sys.argv[1]) / "vectors.f32").read_bytes())
    if sys.byteorder == "big":
        vectors.byteswap()

    def rate(words):
        count = 0
        start = time.perf_counter()
        while count == 0 or time.perf_counter() - start < float(words["seconds"]):
            sum(value * value for value in vectors[:rival.FEATURES])
            count += 1
        return count / (time.perf_counter() - start)

    rival.serve(rival.compared(vectors, vectors), rate)


main()
