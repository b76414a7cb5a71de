-- Keeps a store of the images of a topic: each key once, with its newest image.

SET 'execution.checkpointing.interval' = '10 s';
SET 'table.exec.async-ml-predict.max-concurrent-operations' = '16';
SET 'table.exec.async-ml-predict.timeout' = '5 min';

CREATE TABLE images (
  id STRING,
  image BYTES,
  sent_at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL
) WITH (
  'connector' = 'kafka',
  'properties.bootstrap.servers' = 'localhost:9092',
  'properties.group.id' = 'sql-fill-store',
  'topic' = 'images',
  'scan.startup.mode' = 'earliest-offset',
  'key.format' = 'raw',
  'key.fields' = 'id',
  'value.format' = 'raw',
  'value.fields-include' = 'EXCEPT_KEY'
);

CREATE MODEL photos
INPUT (image BYTES)
OUTPUT (embedding ARRAY<FLOAT>, error STRING, format STRING, width INT, height INT)
WITH ('provider' = 'image-embedding', 'model' = 'builtin');

-- What a search is to be filtered by has a column of its own, as file_type.
CREATE TABLE store (
  photo_id STRING,
  vector ARRAY<FLOAT>,
  format STRING,
  width INT,
  height INT,
  file_type STRING,
  changed_at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp',
  PRIMARY KEY (photo_id) NOT ENFORCED
) WITH (
  'connector' = 'image-embedding-store',
  'address' = 'lucene:/var/lib/image-embedding/vectors',
  'model' = 'builtin'
);

INSERT INTO store
SELECT id, embedding, format, width, height, REGEXP_EXTRACT(id, '[.]([a-z]+)$', 1), sent_at
FROM ML_PREDICT(TABLE images, MODEL photos, DESCRIPTOR(image))
WHERE error IS NULL;
