-- For each image that comes: the three of the store that are most like it. The store is filled by
-- fill-store.sql, before or meanwhile.

SET 'execution.checkpointing.interval' = '10 s';
SET 'table.exec.async-ml-predict.max-concurrent-operations' = '16';
SET 'table.exec.async-ml-predict.timeout' = '5 min';

CREATE TABLE images (
  id STRING,
  image BYTES
) WITH (
  'connector' = 'kafka',
  'properties.bootstrap.servers' = 'localhost:9092',
  'properties.group.id' = 'sql-live-search',
  'topic' = 'images',
  'scan.startup.mode' = 'earliest-offset',
  'key.format' = 'raw',
  'key.fields' = 'id',
  'value.format' = 'raw',
  'value.fields-include' = 'EXCEPT_KEY'
);

CREATE MODEL photos
INPUT (image BYTES)
OUTPUT (embedding ARRAY<FLOAT>, error STRING)
WITH ('provider' = 'image-embedding', 'model' = 'builtin');

CREATE TABLE store (
  photo_id STRING,
  vector ARRAY<FLOAT>,
  PRIMARY KEY (photo_id) NOT ENFORCED
) WITH (
  'connector' = 'image-embedding-store',
  'address' = 'lucene:/var/lib/image-embedding/vectors',
  'model' = 'builtin'
);

CREATE TABLE neighbours (
  id STRING,
  photo_id STRING,
  score DOUBLE
) WITH (
  'connector' = 'kafka',
  'properties.bootstrap.servers' = 'localhost:9092',
  'topic' = 'sql-neighbours',
  'value.format' = 'json'
);

INSERT INTO neighbours
WITH embedded AS (
  SELECT id, embedding
  FROM ML_PREDICT(TABLE images, MODEL photos, DESCRIPTOR(image))
  WHERE error IS NULL
)
SELECT id, photo_id, score
FROM embedded,
  LATERAL TABLE(VECTOR_SEARCH(TABLE store, DESCRIPTOR(vector), embedded.embedding, 3));
