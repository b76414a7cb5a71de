// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.bench.worker;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.imageembedding.it.JavaProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A {@link Worker}, or a script that speaks as one does, seen from outside. */
public final class WorkerProcess implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String name;
  private final Path log;
  private final Process process;
  private final BufferedReader answers;
  private final PrintWriter questions;
  private Map<String, Double> facts;

  private WorkerProcess(String name, Path log, List<String> command) throws IOException {
    this.name = name;
    this.log = log;
    ProcessBuilder builder = new ProcessBuilder(command).redirectError(log.toFile());
    builder.environment().put("TF_CPP_MIN_LOG_LEVEL", "2");
    process = builder.start();
    answers = process.inputReader(StandardCharsets.UTF_8);
    questions = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
  }

  /** Starts a program that is a worker in a JVM of its own; {@link #facts} waits for it. */
  public static WorkerProcess java(
      Path folder, Class<?> program, String contender, List<String> jvmArguments, String arguments)
      throws IOException {
    List<String> words = new ArrayList<>(List.of(contender));
    words.add(Arguments.FOLDER + "=" + folder);
    words.addAll(List.of(arguments.split(" ")));
    return new WorkerProcess(
        contender, log(folder, contender), JavaProcess.command(jvmArguments, program, words));
  }

  /** Starts a script; {@link #facts} waits for it. */
  public static WorkerProcess python(
      Path folder, String contender, Path script, List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(Python.INTERPRETER, script.toString()));
    command.addAll(arguments);
    return new WorkerProcess(contender, log(folder, contender), command);
  }

  private static Path log(Path folder, String contender) {
    return folder.resolve(contender.replaceAll("[/:]", "-") + ".log");
  }

  /**
   * What is known before the first round; waits until the process is ready. Of several, all are
   * started before the first is waited for, and all are waited for before the first is measured.
   */
  public Map<String, Double> facts() throws IOException {
    if (facts == null) {
      facts = read(answer(Worker.READY).substring(Worker.READY.length()));
    }
    return facts;
  }

  /**
   * One of the facts.
   *
   * @throws IOException if the process does not say it
   */
  public double fact(String key) throws IOException {
    return required(facts(), key);
  }

  /** Runs, and gives one of the figures. */
  public double run(String arguments, String figure) throws IOException {
    return required(run(arguments), figure);
  }

  private double required(Map<String, Double> figures, String key) throws IOException {
    Double value = figures.get(key);
    if (value == null) {
      throw new IOException("%s says nothing of its %s; see %s".formatted(name, key, log));
    }
    return value;
  }

  public Map<String, Double> run(String arguments) throws IOException {
    facts();
    questions.println(Worker.RUN + arguments);
    return read(answer("{"));
  }

  /** The next line that begins so; native libraries write others. */
  private String answer(String beginning) throws IOException {
    for (String line = answers.readLine(); line != null; line = answers.readLine()) {
      if (line.startsWith(beginning)) {
        return line;
      }
    }
    throw new IOException(name + " ended; see " + log);
  }

  private static Map<String, Double> read(String json) throws IOException {
    return JSON.readValue(json, new TypeReference<>() {});
  }

  @Override
  public void close() throws InterruptedException {
    questions.println(Worker.QUIT);
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
  }
}
