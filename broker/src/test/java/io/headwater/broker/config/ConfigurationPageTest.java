package io.headwater.broker.config;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ConfigurationPageTest {
    private static final Path PAGE = Path.of("..", "docs", "configuration.md");

    /** Regenerates instead of comparing when asked: {@code -Dheadwater.regenerate=true}. */
    @Test
    void thePageInDocsIsWhatTheSettingsSay() throws IOException {
        if (Boolean.getBoolean("headwater.regenerate")) {
            ConfigurationPage.main(new String[] {PAGE.toString()});
        }
        assertEquals(
                ConfigurationPage.text(),
                Files.exists(PAGE) ? Files.readString(PAGE) : "",
                "docs/configuration.md is not up to date; write it anew with: mvn -pl broker -am test"
                        + " -Dtest=ConfigurationPageTest -Dsurefire.failIfNoSpecifiedTests=false"
                        + " -Dheadwater.regenerate=true");
    }
}
