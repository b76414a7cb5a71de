// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.imageembedding.cli.doctor.Diagnosis.Status;
import io.imageembedding.cli.doctor.Doctor.Step;
import io.imageembedding.kafka.SetupCheck;
import io.imageembedding.kafka.SetupCheck.Finding;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class DoctorTest {

  private static Step step(
      String name, Duration limit, Supplier<Finding> question, String... needs) {
    return new Step(new SetupCheck(name, "mend it", question), limit, Set.of(needs));
  }

  @Test
  void aCheckThatHangsOrThrowsFailsAloneAndWhatNeedsItIsSkipped() {
    List<Diagnosis> told = new ArrayList<>();
    Duration limit = Duration.ofSeconds(60);
    List<Diagnosis> all =
        new Doctor(Throwable::getMessage, told::add)
            .examine(
                List.of(
                    step("hangs", Duration.ofMillis(100), DoctorTest::never),
                    step(
                        "throws",
                        limit,
                        () -> {
                          throw new NoClassDefFoundError("no natives");
                        }),
                    step("needs", limit, () -> Finding.good("never asked"), "throws"),
                    step("needs that", limit, () -> Finding.good("never asked"), "needs"),
                    step("poor", limit, () -> Finding.poor("slow")),
                    step("good", limit, () -> Finding.good("fine"), "poor")));

    assertThat(all)
        .containsExactly(
            new Diagnosis("hangs", Status.FAILED, "no answer within 0 s", "mend it"),
            new Diagnosis("throws", Status.FAILED, "no natives", "mend it"),
            new Diagnosis("needs", Status.SKIPPED, "not asked, because of: throws", null),
            new Diagnosis("needs that", Status.SKIPPED, "not asked, because of: needs", null),
            new Diagnosis("poor", Status.WARNING, "slow", "mend it"),
            new Diagnosis("good", Status.OK, "fine", null));
    assertThat(told).isEqualTo(all);
  }

  /** Does not even obey an interrupt. */
  private static Finding never() {
    while (true) {
      try {
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        // Goes on.
      }
    }
  }

  @Test
  void processorsAreToldByTheirFlags() {
    assertThat(
            MachineChecks.cpu(
                "amd64", () -> "flags\t\t: fpu avx avx2 avx512f avx512_bf16 amx_bf16\n"))
        .isEqualTo(Finding.good("AMX, AVX-512, AVX-512 BF16, AVX2"));
    assertThat(MachineChecks.cpu("amd64", () -> "flags\t\t: fpu avx\n").good()).isFalse();
    assertThatThrownBy(() -> MachineChecks.cpu("amd64", () -> "flags\t\t: fpu sse4_2\n"))
        .isInstanceOf(CheckFailure.class)
        .hasMessageStartingWith("no AVX");
  }

  @Test
  void aSystemThatIsNotX86LinuxIsAWarningAndAsksForNoFileOfLinux() {
    Supplier<String> none =
        () -> {
          throw new UncheckedIOException("/proc cannot be read", new IOException());
        };

    assertThat(MachineChecks.cpu("aarch64", none))
        .isEqualTo(Finding.poor("aarch64, on which speed and precision bf16 are not measured"));
    assertThat(MachineChecks.openFiles(none))
        .isEqualTo(Finding.poor("not known, /proc cannot be read"));
  }

  @Test
  void fewOpenFilesFailAndNotManyAreAWarning() {
    String line =
        "Limit                     Soft Limit  Hard Limit  Units\nMax open files            ";
    assertThat(MachineChecks.openFiles(() -> line + "unlimited   unlimited   files").good())
        .isTrue();
    assertThat(MachineChecks.openFiles(() -> line + "1048576     1048576     files").good())
        .isTrue();
    assertThat(MachineChecks.openFiles(() -> line + "4096        4096        files").good())
        .isFalse();
    assertThatThrownBy(() -> MachineChecks.openFiles(() -> line + "256         4096        files"))
        .hasMessage("256; needed: 1024 at least");
  }

  @Test
  void aLocaleThatIsNotUtf8IsAWarningAndAFolderWithoutRoomFails() {
    assertThat(MachineChecks.encoding("UTF-8").good()).isTrue();
    assertThat(MachineChecks.encoding("ANSI_X3.4-1968").good()).isFalse();
    assertThat(MachineChecks.room(Path.of("nowhere", "below"), 1).good()).isTrue();
    assertThatThrownBy(() -> MachineChecks.room(Path.of("nowhere"), Long.MAX_VALUE))
        .hasMessageContaining("MiB free at ");
    assertThatThrownBy(() -> MachineChecks.room(Path.of("/proc/version/nowhere"), 1))
        .hasMessageContaining("is no folder that can be written");
  }
}
