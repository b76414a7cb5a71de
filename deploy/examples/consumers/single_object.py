# SPDX-License-Identifier: Apache-2.0
"""Prints embeddings and dead letters until Ctrl-C: SCHEMAS HOST:PORT TOPIC..."""
import io, pathlib, signal, sys
from confluent_kafka import Consumer
from fastavro import schemaless_reader
from fastavro.schema import fingerprint, load_schema, to_parsing_canonical_form

def beginning(schema):
    return b"\xc3\x01" + bytes.fromhex(fingerprint(to_parsing_canonical_form(schema), "CRC-64-AVRO"))

def said(value):
    writer = writers.get(value and value[:10])
    if not writer: return "deleted" if value is None else "of no known schema"
    try:
        record = schemaless_reader(io.BytesIO(value[10:]), writer)
        return (f"{record['id']}, {len(record['embedding'])} features" if "embedding" in record else
                f"{record['id']}, {record['stage']} {record['code']}: {record['message']}")
    except Exception as failure:
        return f"unreadable, {failure!r}"

writers = {beginning(schema): schema for schema in map(load_schema, pathlib.Path(sys.argv[1]).glob("*.avsc"))}
consumer = Consumer({"bootstrap.servers": sys.argv[2], "group.id": "python-single-object", "auto.offset.reset": "earliest",
                     "isolation.level": "read_committed", "enable.auto.offset.store": False})
consumer.subscribe(sys.argv[3:])
signal.signal(signal.SIGINT, signal.SIG_DFL)
for message in iter(consumer.poll, None):
    if message.error(): sys.exit(message.error().str())
    print(f"{message.topic()}-{message.partition()}-{message.offset()}: {said(message.value())}", flush=True)
    consumer.store_offsets(message)
