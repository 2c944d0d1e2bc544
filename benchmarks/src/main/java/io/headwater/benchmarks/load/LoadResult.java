package io.headwater.benchmarks.load;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;

/**
 * What a load did.
 *
 * @param kind produce, consume, latency or queue
 * @param settings what was asked for, by name
 * @param records sent or read in the counted time
 * @param failed records without an acknowledgement
 * @param undelivered records that were acknowledged and did not arrive; 0 where nobody reads
 * @param firstFailure for a person; empty without one
 * @param bytes of values
 * @param seconds from the first record until the last was acknowledged or read
 * @param otherCpuSeconds what the whole machine used in that time, less the driver's own; NaN if unknown
 * @param driverCpuSeconds what this process used
 * @param counts what else was counted, by name
 * @param latencies by what was waited for: the acknowledgement, the delivery
 */
public record LoadResult(
        String kind,
        Map<String, String> settings,
        long records,
        long failed,
        long undelivered,
        String firstFailure,
        long bytes,
        double seconds,
        double otherCpuSeconds,
        double driverCpuSeconds,
        Map<String, Long> counts,
        Map<String, LatencySummary> latencies,
        Environment environment) {
    private static final JsonFactory JSON = new JsonFactory();

    public double recordsPerSecond() {
        return seconds == 0 ? 0 : records / seconds;
    }

    public double mebibytesPerSecond() {
        return seconds == 0 ? 0 : bytes / seconds / (1 << 20);
    }

    /** CPU seconds of everything but the driver, for a million records. */
    public double otherCpuSecondsPerMillion() {
        return records == 0 ? 0 : otherCpuSeconds * 1e6 / records;
    }

    /** A table for people, several lines, each with its newline. */
    public String text() {
        StringBuilder out = new StringBuilder(512);
        line(out, "load", kind + " " + settings);
        line(out, "records", String.format(Locale.ROOT, "%,d in %.2f s, %,d failed", records, seconds, failed));
        if (undelivered > 0) {
            line(out, "LOST", String.format(Locale.ROOT, "acknowledged but not delivered: %,d", undelivered));
        }
        if (!firstFailure.isEmpty()) {
            line(out, "failure", firstFailure);
        }
        line(
                out,
                "throughput",
                String.format(Locale.ROOT, "%,.0f records/s, %,.1f MiB/s", recordsPerSecond(), mebibytesPerSecond()));
        line(
                out,
                "CPU",
                String.format(
                        Locale.ROOT,
                        "%.2f s by the machine without the driver (%.2f s per million records), %.2f s by the driver",
                        otherCpuSeconds,
                        otherCpuSecondsPerMillion(),
                        driverCpuSeconds));
        counts.forEach((name, count) -> line(out, name, String.format(Locale.ROOT, "%,d", count)));
        latencies.forEach((name, latency) -> line(out, name, latencyText(latency)));
        line(out, "machine", environment.machine());
        line(out, "java", environment.java());
        line(out, "flags", environment.flags());
        line(out, "commit", environment.commit());
        return out.toString();
    }

    private static void line(StringBuilder out, String name, String text) {
        out.append(String.format(Locale.ROOT, "%-13s%s%n", name, text));
    }

    private static String latencyText(LatencySummary l) {
        return String.format(
                Locale.ROOT,
                "p50 %,.0f µs, p90 %,.0f µs, p99 %,.0f µs, p99.9 %,.0f µs, max %,.0f µs (%,d timed)",
                l.p50Us(),
                l.p90Us(),
                l.p99Us(),
                l.p999Us(),
                l.maxUs(),
                l.count());
    }

    /** One object on one line, without a newline. */
    public String json() {
        StringWriter out = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(out)) {
            json.writeStartObject();
            json.writeStringField("load", kind);
            json.writeObjectFieldStart("settings");
            for (Map.Entry<String, String> setting : settings.entrySet()) {
                json.writeStringField(setting.getKey(), setting.getValue());
            }
            json.writeEndObject();
            json.writeNumberField("records", records);
            json.writeNumberField("failed", failed);
            json.writeNumberField("undelivered", undelivered);
            json.writeStringField("firstFailure", firstFailure);
            json.writeNumberField("bytes", bytes);
            json.writeNumberField("seconds", seconds);
            json.writeNumberField("recordsPerSecond", recordsPerSecond());
            json.writeNumberField("mebibytesPerSecond", mebibytesPerSecond());
            number(json, "otherCpuSeconds", otherCpuSeconds);
            number(json, "otherCpuSecondsPerMillion", otherCpuSecondsPerMillion());
            json.writeNumberField("driverCpuSeconds", driverCpuSeconds);
            json.writeObjectFieldStart("counts");
            for (Map.Entry<String, Long> count : counts.entrySet()) {
                json.writeNumberField(count.getKey(), count.getValue());
            }
            json.writeEndObject();
            json.writeObjectFieldStart("latenciesUs");
            for (Map.Entry<String, LatencySummary> latency : latencies.entrySet()) {
                json.writeObjectFieldStart(latency.getKey());
                latency(json, latency.getValue());
                json.writeEndObject();
            }
            json.writeEndObject();
            json.writeStringField("machine", environment.machine());
            json.writeStringField("java", environment.java());
            json.writeStringField("flags", environment.flags());
            json.writeStringField("commit", environment.commit());
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toString();
    }

    private static void latency(JsonGenerator json, LatencySummary summary) throws IOException {
        json.writeNumberField("count", summary.count());
        json.writeNumberField("mean", summary.meanUs());
        json.writeNumberField("p50", summary.p50Us());
        json.writeNumberField("p90", summary.p90Us());
        json.writeNumberField("p99", summary.p99Us());
        json.writeNumberField("p999", summary.p999Us());
        json.writeNumberField("max", summary.maxUs());
    }

    /** JSON knows no NaN. */
    private static void number(JsonGenerator json, String name, double value) throws IOException {
        if (Double.isFinite(value)) {
            json.writeNumberField(name, value);
        } else {
            json.writeNullField(name);
        }
    }
}
