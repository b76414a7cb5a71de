// SPDX-License-Identifier: Apache-2.0
package io.imageembedding.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.imageembedding.image.View;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AugmentationTest {
  private static final Augmentation ALL = new Augmentation(true, 0.4, 30, 0.2);

  @Test
  void aViewIsThatOfTheSeedTheImageAndTheEpoch() {
    View view = ALL.view(1, "a/1.jpg", 1);

    assertThat(ALL.view(1, "a/1.jpg", 1)).isEqualTo(view);
    assertThat(ALL.view(2, "a/1.jpg", 1)).isNotEqualTo(view);
    assertThat(ALL.view(1, "b/1.jpg", 1)).isNotEqualTo(view);
    assertThat(ALL.view(1, "a/1.jpg", 2)).isNotEqualTo(view);
  }

  @Test
  void nothingIsChangedWithoutAnOption() {
    assertThat(Augmentation.NONE.view(1, "a/1.jpg", 1)).isEqualTo(View.WHOLE);
  }

  @Test
  void halfOfTheImagesAreMirrored() {
    assertThat(views(new Augmentation(true, 0, 0, 0)).stream().filter(View::mirrored))
        .hasSizeBetween(400, 600);
    assertThat(views(new Augmentation(false, 0.5, 90, 0.5))).noneMatch(View::mirrored);
  }

  @Test
  void whatIsLeftOfACropIsWithinThePictureAndAnywhereInIt() {
    List<View> views = views(new Augmentation(false, 0.4, 0, 0));

    assertThat(views)
        .allSatisfy(
            view -> {
              assertThat(view.scale()).isBetween(0.6, 1.0);
              assertThat(view.centreX()).isBetween(view.scale() / 2, 1 - view.scale() / 2);
              assertThat(view.centreY()).isBetween(view.scale() / 2, 1 - view.scale() / 2);
            });
    assertThat(views.stream().mapToDouble(View::scale).min().orElseThrow())
        .isCloseTo(0.6, within(0.01));
    assertThat(views.stream().mapToDouble(View::centreX).max().orElseThrow()).isGreaterThan(0.65);
    assertThat(views.stream().mapToDouble(View::centreX).min().orElseThrow()).isLessThan(0.35);
  }

  @Test
  void turnsAndZoomsGoBothWaysUpToTheirMost() {
    double degrees = Math.toRadians(30);
    List<View> turned = views(new Augmentation(false, 0, 30, 0));
    assertThat(turned).allMatch(view -> Math.abs(view.radians()) <= degrees && view.scale() == 1);
    assertThat(turned.stream().mapToDouble(View::radians).max().orElseThrow())
        .isCloseTo(degrees, within(0.02));
    assertThat(turned.stream().mapToDouble(View::radians).min().orElseThrow())
        .isCloseTo(-degrees, within(0.02));
    List<View> zoomed = views(new Augmentation(false, 0, 0, 0.2));
    assertThat(zoomed).allMatch(view -> view.centreX() == 0.5 && view.radians() == 0);
    assertThat(zoomed.stream().mapToDouble(View::scale).max().orElseThrow())
        .isCloseTo(1.2, within(0.01));
    assertThat(zoomed.stream().mapToDouble(View::scale).min().orElseThrow())
        .isCloseTo(0.8, within(0.01));
  }

  @Test
  void whatIsOutOfRangeIsNamed() {
    assertThatThrownBy(() -> new Augmentation(false, 0, 200, 0))
        .isInstanceOf(FineTuneException.class)
        .hasMessage("rotation: 200 is not allowed; allowed: from 0 to 180");
  }

  private static List<View> views(Augmentation augmentation) {
    return IntStream.range(0, 1000)
        .mapToObj(i -> augmentation.view(3, "class/" + i + ".jpg", 1))
        .toList();
  }
}
