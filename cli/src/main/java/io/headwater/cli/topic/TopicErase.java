package io.headwater.cli.topic;

import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.shell.UnknownTopic;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.cli.text.RecordPlace;
import io.headwater.client.Admin.Erasure;
import io.headwater.client.HeadwaterClient;
import io.headwater.protocol.wire.EraseRecordsReply;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Erases records for good. */
@Command(
        name = "erase",
        description = {
            "Remove a record, or all records with a key, for good: from every file. Offsets do not shift, and what is "
                    + "gone is a hole. Returns when it is done and durable; repeating it is harmless.",
            "Copies in the topic's dead-letter topic, and in those behind it, are erased as well. What was copied "
                    + "elsewhere (other topics, consumers, backups) is not reached."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {"  headwater topic erase orders --key customer-7", "  headwater topic erase orders --record 0:1200"})
final class TopicErase implements Callable<Integer> {
    private final Terminal terminal;

    @Parameters(paramLabel = "NAME", description = "The topic.")
    private String name = "";

    @Option(names = "--key", paramLabel = "K", description = "All records with this key that there are now.")
    private @Nullable String key;

    @Option(
            names = "--record",
            paramLabel = "P:OFFSET",
            converter = RecordPlace.Converter.class,
            description = "This record.")
    private @Nullable RecordPlace record;

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Mixin
    private FormatOption format = new FormatOption();

    TopicErase(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        if ((key == null) == (record == null)) {
            throw CommandFailure.usage("erase what? (expected: --key or --record, one of them)");
        }
        try (HeadwaterClient client = server.connect()) {
            UnknownTopic.explainedWithList(name, () -> report(erase(client)));
        }
        return ExitCode.OK;
    }

    private List<Erasure> erase(HeadwaterClient client) {
        RecordPlace place = record;
        if (place == null) {
            return client.admin().eraseKey(name, Objects.requireNonNull(key).getBytes(StandardCharsets.UTF_8));
        }
        try {
            return client.admin().eraseRecord(name, place.partition(), place.offset());
        } catch (IllegalArgumentException e) {
            throw CommandFailure.usage("--record: " + e.getMessage());
        }
    }

    private void report(List<Erasure> erasures) {
        Map<String, Sum> byTopic = new LinkedHashMap<>();
        erasures.forEach(erasure ->
                byTopic.computeIfAbsent(erasure.topic(), topic -> new Sum()).add(erasure.report()));
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> {
                for (Map.Entry<String, Sum> entry : byTopic.entrySet()) {
                    if (entry.getKey().equals(name)) {
                        entry.getValue().write(json);
                        json.writeArrayFieldStart("deadLetters");
                    } else {
                        json.writeStartObject();
                        json.writeStringField("topic", entry.getKey());
                        entry.getValue().write(json);
                        json.writeEndObject();
                    }
                }
                json.writeEndArray();
            });
            return;
        }
        byTopic.forEach((topic, sum) -> {
            terminal.say("erased " + Human.count(sum.records, "record") + " of "
                    + (topic.equals(name) ? "topic " : "dead-letter topic ") + topic + ": "
                    + Human.count(sum.segments, "segment") + " rewritten, " + Human.bytes(sum.freed) + " free");
            if (sum.unreadable > 0) {
                terminal.say(sum.unreadable + " batches cannot be decompressed and stay as they are");
            }
        });
    }

    /** Of all partitions of a topic. */
    private static final class Sum {
        long records;
        long segments;
        long freed;
        long unreadable;

        void add(EraseRecordsReply report) {
            records += report.getRecords();
            segments += report.getSegments();
            freed += report.getBytesBefore() - report.getBytesAfter();
            unreadable += report.getUnreadableBatches();
        }

        void write(JsonGenerator json) throws IOException {
            json.writeNumberField("records", records);
            json.writeNumberField("segments", segments);
            json.writeNumberField("freedBytes", freed);
            json.writeNumberField("unreadableBatches", unreadable);
        }
    }
}
