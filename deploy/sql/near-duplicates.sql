-- Which images of the store were sent again, nearly the same under another name, and how often in
-- each minute.

SET 'execution.checkpointing.interval' = '10 s';
SET 'table.exec.async-ml-predict.max-concurrent-operations' = '16';
SET 'table.exec.async-ml-predict.timeout' = '5 min';
-- Partitions to which nothing comes do not hold up the others.
SET 'table.exec.source.idle-timeout' = '10 s';

CREATE TABLE images (
  id STRING,
  image BYTES,
  sent_at TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL,
  WATERMARK FOR sent_at AS sent_at - INTERVAL '5' SECOND
) WITH (
  'connector' = 'kafka',
  'properties.bootstrap.servers' = 'localhost:9092',
  'properties.group.id' = 'sql-near-duplicates',
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

CREATE TABLE near_duplicates (
  window_start TIMESTAMP(3),
  photo_id STRING,
  times BIGINT,
  nearest DOUBLE
) WITH (
  'connector' = 'kafka',
  'properties.bootstrap.servers' = 'localhost:9092',
  'topic' = 'sql-near-duplicates',
  'value.format' = 'json'
);

-- Flink 2.3 plans a condition on what was found behind a LEFT JOIN only.
INSERT INTO near_duplicates
WITH embedded AS (
  SELECT id, sent_at, embedding
  FROM ML_PREDICT(TABLE images, MODEL photos, DESCRIPTOR(image))
  WHERE error IS NULL
), found AS (
  SELECT sent_at, photo_id, score
  FROM embedded
  LEFT JOIN LATERAL TABLE(VECTOR_SEARCH(TABLE store, DESCRIPTOR(vector), embedded.embedding, 3)) ON TRUE
  WHERE score > 0.9 AND photo_id <> id
)
SELECT window_start, photo_id, COUNT(*), MAX(score)
FROM TABLE(TUMBLE(TABLE found, DESCRIPTOR(sent_at), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, photo_id;
