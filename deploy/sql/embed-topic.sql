-- Embeds the image files of a topic, each under its key, into another topic.

SET 'execution.checkpointing.interval' = '10 s';

-- So many images are in flight in each subtask, and half of them make a batch. Each may take ten
-- seconds before it is refused, and all of them together have to fit into the timeout.
SET 'table.exec.async-ml-predict.max-concurrent-operations' = '16';
SET 'table.exec.async-ml-predict.timeout' = '5 min';

CREATE TABLE images (
  id STRING,
  image BYTES
) WITH (
  'connector' = 'kafka',
  'properties.bootstrap.servers' = 'localhost:9092',
  'properties.group.id' = 'sql-embed-topic',
  'topic' = 'images',
  'scan.startup.mode' = 'earliest-offset',
  'key.format' = 'raw',
  'key.fields' = 'id',
  'value.format' = 'raw',
  'value.fields-include' = 'EXCEPT_KEY'
);

CREATE MODEL photos
INPUT (image BYTES)
OUTPUT (embedding ARRAY<FLOAT>, error STRING, vector_space STRING, format STRING, width INT, height INT)
WITH ('provider' = 'image-embedding', 'model' = 'builtin');

CREATE TABLE embeddings (
  id STRING,
  embedding ARRAY<FLOAT>,
  error STRING,
  vector_space STRING,
  format STRING,
  width INT,
  height INT
) WITH (
  'connector' = 'kafka',
  'properties.bootstrap.servers' = 'localhost:9092',
  'topic' = 'sql-embeddings',
  'key.format' = 'raw',
  'key.fields' = 'id',
  'value.format' = 'json'
);

INSERT INTO embeddings
SELECT id, embedding, error, vector_space, format, width, height
FROM ML_PREDICT(TABLE images, MODEL photos, DESCRIPTOR(image));
