package io.headwater.benchmarks.peers;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.benchmarks.load.Environment;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;

/** The outcome, for people or for programs. */
record Report(List<Figure> figures, Environment environment, int pairs, String note) {

    /** Markdown. */
    String table() {
        StringBuilder out = new StringBuilder(2048);
        out.append("| figure | unit | Headwater | other | measured | target | |\n|---|---|--:|--:|--:|--:|---|\n");
        for (Figure figure : figures) {
            out.append("| ").append(figure.name());
            out.append(" | ").append(figure.unit());
            out.append(" | ").append(Figure.number(figure.ours()));
            out.append(" | ").append(Figure.number(figure.theirs()));
            out.append(" | ").append(figure.measuredText());
            out.append(" | ").append(figure.targetText());
            out.append(" | ").append(figure.verdict()).append(" |\n");
        }
        out.append("\nHeadwater and other: medians; measured: the median of the ratios of ")
                .append(pairs)
                .append(" interleaved pairs, or ours.\n")
                .append(note)
                .append('\n')
                .append("Machine: ")
                .append(environment.machine())
                .append(". Java: ")
                .append(environment.java())
                .append(". Commit: ")
                .append(environment.commit())
                .append(".\n");
        return out.toString();
    }

    /** An object a line. */
    String json() {
        StringBuilder out = new StringBuilder(4096);
        figures.forEach(figure -> out.append(line(figure)).append('\n'));
        return out.toString();
    }

    private String line(Figure figure) {
        StringWriter out = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(out)) {
            json.writeStartObject();
            json.writeStringField("figure", figure.name());
            json.writeStringField("unit", figure.unit());
            json.writeNumberField("headwater", figure.ours());
            if (figure.isRatio()) {
                json.writeNumberField("other", figure.theirs());
            }
            json.writeNumberField("measured", figure.measured());
            json.writeStringField("target", figure.targetText());
            json.writeStringField("verdict", figure.verdict());
            json.writeNumberField("pairs", pairs);
            json.writeStringField("machine", environment.machine());
            json.writeStringField("java", environment.java());
            json.writeStringField("commit", environment.commit());
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toString();
    }
}
