// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.it;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;

/** A user's jar with a class of the tests. */
public final class TestingJar {
  private TestingJar() {}

  public static Path of(Path folder, Class<?> only) throws IOException {
    Path jar = folder.resolve(only.getSimpleName() + ".jar");
    String entry = only.getName().replace('.', '/') + ".class";
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file);
        InputStream compiled = only.getResourceAsStream("/" + entry)) {
      out.putNextEntry(new JarEntry(entry));
      compiled.transferTo(out);
    }
    return jar;
  }
}
