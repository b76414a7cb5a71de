// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.page;

import io.imageembedding.vectorstore.Filter;
import io.imageembedding.vectorstore.StoreException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** The query of a request's address; what is not known in it is refused, never overlooked. */
final class Parameters {
  static final String FILTER = "filter";

  private final Map<String, List<String>> values = new TreeMap<>();

  /**
   * @param query as it was sent, null if there is none
   */
  Parameters(String query, Set<String> known) throws RequestFailure {
    if (query == null || query.isEmpty()) {
      return;
    }
    for (String pair : query.split("&")) {
      int equals = pair.indexOf('=');
      String key = decoded(equals < 0 ? pair : pair.substring(0, equals));
      if (!known.contains(key)) {
        throw invalid(
            "there is no parameter '"
                + key
                + "'; there are "
                + (known.isEmpty() ? "none" : String.join(", ", new TreeSet<>(known))));
      }
      List<String> given = values.computeIfAbsent(key, each -> new ArrayList<>());
      if (!given.isEmpty() && !key.equals(FILTER)) {
        throw invalid("parameter '" + key + "' is given twice");
      }
      given.add(equals < 0 ? "" : decoded(pair.substring(equals + 1)));
    }
  }

  private static String decoded(String text) throws RequestFailure {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw invalid("the address of the request is not well encoded");
    }
  }

  private static RequestFailure invalid(String message) {
    return new RequestFailure(400, "INVALID_PARAMETER", message);
  }

  Optional<String> text(String key) {
    return values.getOrDefault(key, List.of()).stream().findFirst();
  }

  String required(String key) throws RequestFailure {
    return text(key).orElseThrow(() -> invalid("parameter '" + key + "' is missing"));
  }

  int number(String key, int otherwise, int most) throws RequestFailure {
    Optional<String> text = text(key);
    if (text.isEmpty()) {
      return otherwise;
    }
    try {
      int number = Integer.parseInt(text.get());
      if (number >= 1 && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Refused below, as a number out of range is.
    }
    throw invalid(key + ": '" + text.get() + "' is not allowed; allowed: 1 to " + most);
  }

  Filter filter() throws RequestFailure {
    try {
      return Filter.parse(values.getOrDefault(FILTER, List.of()));
    } catch (StoreException e) {
      throw invalid(e.getMessage());
    }
  }
}
