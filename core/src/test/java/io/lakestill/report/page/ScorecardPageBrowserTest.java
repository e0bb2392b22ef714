package io.lakestill.report.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lakestill.report.SampleScorecards;
import io.lakestill.report.Scorecard;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in a real browser. */
class ScorecardPageBrowserTest {
  private static final int LIGHT_PAPER = 0xfdfcf9;
  private static final int DARK_PAPER = 0x14161a;

  private static final String MEASURE =
      """
      <script>
      window.onload = () => document.body.dataset.widths = [...document.querySelectorAll('iframe')]
          .map(frame => frame.contentDocument.documentElement.scrollWidth + ' ').join('');
      </script>
      """;

  @TempDir private Path folder;
  private Browser browser;

  @BeforeEach
  void findBrowser() {
    Optional<Path> program = Browser.installed();
    if ("true".equals(System.getenv("CI"))) {
      assertThat(program).as("CI needs Chromium to look at the scorecard page").isPresent();
    }
    assumeTrue(program.isPresent(), "no Chromium on the PATH: the page is not looked at");
    browser = new Browser(program.orElseThrow(), folder);
  }

  /** With another paper colour the style sheet was refused by the page's own policy. */
  @Test
  void styleIsAppliedInLightAndDark() throws Exception {
    Path page = write("page.html", ScorecardPage.html(SampleScorecards.fiveSeeds()));

    assertThat(corner(browser.screenshot(page, 900, 600))).isEqualTo(LIGHT_PAPER);
    assertThat(
            corner(browser.screenshot(page, 900, 600, "--blink-settings=preferredColorScheme=0")))
        .isEqualTo(DARK_PAPER);
  }

  @Test
  void classNamesOfTheDataRunNoScript() throws Exception {
    Scorecard card =
        SampleScorecards.named(
            "<script>document.title='run'</script>", "<img src=x onerror=document.title='run'>");
    // Without its policy, so that only the escaping is between the name and the browser.
    Path page = write("page.html", withoutPolicy(ScorecardPage.html(card)));

    assertThat(browser.document(page))
        .contains("<title>Scorecard of sample</title>", "&lt;script&gt;")
        .doesNotContain("<img", "<script");
  }

  /** Also on the narrowest phone, with every table unfolded and names that do not end. */
  @Test
  void nothingOverflows() throws Exception {
    List<Integer> widths = List.of(320, 390, 1200);
    StringBuilder frames = new StringBuilder();
    StringBuilder expected = new StringBuilder();
    for (Scorecard card :
        List.of(
            SampleScorecards.fiveSeeds(),
            SampleScorecards.manyClasses(26),
            SampleScorecards.named("W".repeat(200), "\u4e00".repeat(200)))) {
      String page = withoutPolicy(ScorecardPage.html(card)).replace("<details>", "<details open>");
      String source = page.replace("&", "&amp;").replace("\"", "&quot;");
      for (int width : widths) {
        frames.append("<iframe style='border:0;width:%dpx' srcdoc=\"".formatted(width));
        frames.append(source).append("\"></iframe>\n");
        expected.append(width).append(' ');
      }
    }
    Path page = write("frames.html", "<!DOCTYPE html><body>" + frames + MEASURE);

    assertThat(browser.document(page)).contains("data-widths=\"" + expected + "\"");
  }

  private static String withoutPolicy(String html) {
    String without = html.replaceFirst("<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "");
    assertThat(without).isNotEqualTo(html);
    return without;
  }

  private Path write(String name, String html) throws IOException {
    return Files.writeString(folder.resolve(name), html, StandardCharsets.UTF_8);
  }

  private static int corner(Path image) throws IOException {
    BufferedImage picture = ImageIO.read(image.toFile());
    return picture.getRGB(2, 2) & 0xffffff;
  }
}
