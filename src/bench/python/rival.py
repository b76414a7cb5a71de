# SPDX-License-Identifier: Apache-2.0
"""What every rival in Python is: a worker as Worker.java is. Needs nothing but Python."""

import json
import math
import sys

FEATURES = 1280


def compared(actual, expected):
    """How far vectors are from the expected, both as flat sequences: what Worker says of itself."""
    difference = 0.0
    cosine = 1.0
    for start in range(0, len(expected), FEATURES):
        theirs = [float(value) for value in actual[start:start + FEATURES]]
        ours = [float(value) for value in expected[start:start + FEATURES]]
        difference = max(difference, max(abs(a - b) for a, b in zip(theirs, ours, strict=True)))
        product = sum(a * b for a, b in zip(theirs, ours))
        squares = sum(a * a for a in theirs) * sum(b * b for b in ours)
        cosine = min(cosine, product / math.sqrt(squares) if squares else 0.0)
    return {"difference": difference, "cosine": cosine}


def serve(facts, rate):
    """Says the facts, then answers every question with the images a second that rate(words) gives."""
    print("ready " + json.dumps(facts), flush=True)
    for line in sys.stdin:
        words = dict(word.split("=") for word in line.split() if "=" in word)
        if not words:
            break
        print(json.dumps({"images/s": rate(words)}), flush=True)
