# SPDX-License-Identifier: Apache-2.0
"""Prints embeddings and dead letters until Ctrl-C: REGISTRY HOST:PORT TOPIC..."""
import functools, io, json, signal, sys, urllib.request
from confluent_kafka import Consumer
from fastavro import parse_schema, schemaless_reader

@functools.cache
def writer(number):
    with urllib.request.urlopen(f"{sys.argv[1]}/schemas/ids/{number}", timeout=30) as answer:
        return parse_schema(json.loads(json.load(answer)["schema"]))

def said(value):
    if value is None or value[:1] != b"\0": return "deleted" if value is None else "not in a registry's framing"
    try:
        record = schemaless_reader(io.BytesIO(value[5:]), writer(int.from_bytes(value[1:5], "big")))
        return (f"{record['id']}, {len(record['embedding'])} features" if "embedding" in record else
                f"{record['id']}, {record['stage']} {record['code']}: {record['message']}")
    except Exception as failure:
        if isinstance(failure, OSError) and getattr(failure, "code", 0) != 404: sys.exit(f"schema registry: {failure}")
        return f"unreadable or of no known schema, {failure!r}"

consumer = Consumer({"bootstrap.servers": sys.argv[2], "group.id": "python-confluent", "auto.offset.reset": "earliest",
                     "isolation.level": "read_committed", "enable.auto.offset.store": False})
consumer.subscribe(sys.argv[3:])
signal.signal(signal.SIGINT, signal.SIG_DFL)
for message in iter(consumer.poll, None):
    if message.error(): sys.exit(message.error().str())
    print(f"{message.topic()}-{message.partition()}-{message.offset()}: {said(message.value())}", flush=True)
    consumer.store_offsets(message)
