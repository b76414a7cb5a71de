// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.vectorstore.lucene;

import io.imageembedding.vectorstore.Age;
import io.imageembedding.vectorstore.Change;
import io.imageembedding.vectorstore.CollectionSpec;
import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.ImageMetadata;
import io.imageembedding.vectorstore.MetadataJson;
import io.imageembedding.vectorstore.StoredVector;
import io.imageembedding.vectorstore.Version;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.KnnFloatVectorField;
import org.apache.lucene.document.NumericDocValuesField;
import org.apache.lucene.document.SortedDocValuesField;
import org.apache.lucene.document.StoredField;
import org.apache.lucene.document.StringField;
import org.apache.lucene.index.DocValues;
import org.apache.lucene.index.FloatVectorValues;
import org.apache.lucene.index.LeafReader;
import org.apache.lucene.index.LeafReaderContext;
import org.apache.lucene.index.SortedDocValues;
import org.apache.lucene.index.Term;
import org.apache.lucene.index.VectorSimilarityFunction;
import org.apache.lucene.search.BooleanClause;
import org.apache.lucene.search.BooleanQuery;
import org.apache.lucene.search.Query;
import org.apache.lucene.search.Sort;
import org.apache.lucene.search.SortField;
import org.apache.lucene.search.TermQuery;
import org.apache.lucene.util.BytesRef;

/**
 * A change as a document and back. The vector is kept once, in the HNSW format's own file, as it
 * was given: hence cosine, and not the dot product of normalised vectors.
 */
final class LuceneRows {
  static final String ID = "id";
  static final String VECTOR = "vector";
  private static final String IMAGE = "image";
  private static final String FILTER = "filter";
  private static final String TIMESTAMP = "timestamp";
  private static final String TOPIC = "topic";
  private static final String PARTITION = "partition";
  private static final String OFFSET = "offset";
  private static final String TIE_BREAK = "tieBreak";

  /** By {@link Version}. */
  static final Sort NEWEST_FIRST =
      new Sort(
          new SortField(TIMESTAMP, SortField.Type.LONG, true),
          new SortField(TOPIC, SortField.Type.STRING, true),
          new SortField(PARTITION, SortField.Type.LONG, true),
          new SortField(OFFSET, SortField.Type.LONG, true));

  /** Longer conditions are looked up by digest; a term of Lucene has at most 32,766 bytes. */
  private static final int LONGEST_CONDITION = 1000;

  private LuceneRows() {}

  static Term id(String id) {
    return new Term(ID, id);
  }

  static Document of(Change change, long tieBreak) {
    Document document = new Document();
    document.add(new StringField(ID, change.id(), Field.Store.YES));
    Version version = change.version();
    document.add(new NumericDocValuesField(TIMESTAMP, version.timestamp()));
    document.add(new SortedDocValuesField(TOPIC, new BytesRef(version.topic())));
    document.add(new NumericDocValuesField(PARTITION, version.partition()));
    document.add(new NumericDocValuesField(OFFSET, version.offset()));
    document.add(new NumericDocValuesField(TIE_BREAK, tieBreak));
    if (change instanceof StoredVector stored) {
      document.add(
          new KnnFloatVectorField(VECTOR, stored.vector(), VectorSimilarityFunction.COSINE));
      ImageMetadata image = stored.image();
      document.add(
          new StoredField(IMAGE, MetadataJson.write(image).getBytes(StandardCharsets.UTF_8)));
      Filter.conditionsOf(stored)
          .forEach(
              (key, value) ->
                  document.add(new StringField(FILTER, condition(key, value), Field.Store.NO)));
    }
    return document;
  }

  private static String condition(String key, String value) {
    String condition = key + "\0" + value;
    return condition.length() <= LONGEST_CONDITION
        ? condition
        : "\0" + DigestUtils.sha256Hex(condition);
  }

  /** Null for every image. */
  static Query query(Filter filter) {
    if (filter.conditions().isEmpty()) {
      return null;
    }
    BooleanQuery.Builder all = new BooleanQuery.Builder();
    for (Map.Entry<String, String> wanted : filter.conditions().entrySet()) {
      all.add(
          new TermQuery(new Term(FILTER, condition(wanted.getKey(), wanted.getValue()))),
          BooleanClause.Occur.FILTER);
    }
    return all.build();
  }

  static Age age(LeafReader reader, int doc) throws IOException {
    SortedDocValues topics = DocValues.getSorted(reader, TOPIC);
    topics.advanceExact(doc);
    return new Age(
        new Version(
            number(reader, TIMESTAMP, doc),
            topics.lookupOrd(topics.ordValue()).utf8ToString(),
            Math.toIntExact(number(reader, PARTITION, doc)),
            number(reader, OFFSET, doc)),
        number(reader, TIE_BREAK, doc));
  }

  private static long number(LeafReader reader, String field, int doc) throws IOException {
    var values = DocValues.getNumeric(reader, field);
    values.advanceExact(doc);
    return values.longValue();
  }

  /**
   * @param doc in the leaf
   */
  static StoredVector vector(LeafReaderContext leaf, int doc, CollectionSpec collection)
      throws IOException {
    LeafReader reader = leaf.reader();
    FloatVectorValues values = reader.getFloatVectorValues(VECTOR);
    values.advance(doc);
    Document fields = reader.storedFields().document(doc);
    return new StoredVector(
        fields.get(ID),
        values.vectorValue().clone(),
        collection.space(),
        age(reader, doc).version(),
        image(fields));
  }

  static ImageMetadata image(Document fields) {
    BytesRef bytes = fields.getBinaryValue(IMAGE);
    return MetadataJson.image(bytes.bytes, bytes.offset, bytes.length);
  }
}
