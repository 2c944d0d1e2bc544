package io.headwater.cli.shell;

import picocli.CommandLine.Option;

/** Tables for people, or JSON for programs. */
public final class FormatOption {
    /** How data is written to standard output. */
    public enum Format {
        text,
        json
    }

    @Option(
            names = "--format",
            paramLabel = "text|json",
            defaultValue = "text",
            description = "json: one object a line (default: text).")
    private Format format = Format.text;

    public boolean isJson() {
        return format == Format.json;
    }
}
