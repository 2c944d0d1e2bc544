package io.headwater.broker.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Writes docs/configuration.md, so that the page cannot say anything but what the loader does. */
public final class ConfigurationPage {
    private ConfigurationPage() {}

    /** Writes the page to the file that the one argument names. */
    public static void main(String[] arguments) throws IOException {
        Files.writeString(Path.of(arguments[0]), text());
    }

    /** The whole page, in Markdown. */
    public static String text() {
        StringBuilder page = new StringBuilder("""
                # Configuration

                <!-- Made from io.headwater.broker.config.Knob; do not edit. A test compares the two. -->

                `headwater serve` needs no configuration. What can be set is set in a TOML file (`--config FILE`), in the
                environment, or by flags; where several say something, flags win over the environment and the
                environment wins over the file. An unknown setting stops the start with a suggestion. A value that
                cannot be used stops it too, and the message names the setting, the value and what was expected.

                A dot in a name is a table in the file: `segment-bytes = "256MiB"` under `[storage]`. Sizes are written
                `64KiB`, `256MiB`, `10GiB`; durations `500ms`, `30s`, `10m`, `12h`, `7d`.

                | setting | default | what it is for |
                |---|---|---|
                """);
        for (Knob knob : Knob.values()) {
            page.append("| [`")
                    .append(knob.key)
                    .append("`](#")
                    .append(anchor(knob))
                    .append(") | ");
            page.append(shownDefault(knob)).append(" | ").append(knob.reason).append(" |\n");
        }
        for (Knob knob : Knob.values()) {
            page.append("\n## ").append(knob.key).append("\n\n");
            page.append(knob.reason).append("\n\n");
            page.append("* Value: ").append(knob.kind.description).append(". Default: ");
            page.append(shownDefault(knob)).append(".\n");
            page.append("* Environment: `").append(knob.variable()).append("`.\n");
            page.append("* Danger: ").append(knob.danger).append('\n');
        }
        return page.toString();
    }

    private static String shownDefault(Knob knob) {
        if (knob.defaultText.isEmpty()) {
            return "none";
        }
        return knob.defaultText.indexOf('`') >= 0 ? knob.defaultText : "`" + knob.defaultText + "`";
    }

    private static String anchor(Knob knob) {
        return knob.key.replace(".", "");
    }
}
