package io.headwater.cli.topic;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.ServerOptions;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.shell.UnknownTopic;
import io.headwater.cli.text.Human;
import io.headwater.cli.text.JsonLines;
import io.headwater.cli.text.RecordPlace;
import io.headwater.client.HeadwaterClient;
import io.headwater.protocol.wire.EraseRecordsReply;
import java.nio.charset.StandardCharsets;
import java.util.List;
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
            "What was copied elsewhere (other topics, consumers, backups) is not reached."
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

    private List<EraseRecordsReply> erase(HeadwaterClient client) {
        RecordPlace place = record;
        if (place == null) {
            return client.admin().eraseKey(name, Objects.requireNonNull(key).getBytes(StandardCharsets.UTF_8));
        }
        try {
            return List.of(client.admin().eraseRecord(name, place.partition(), place.offset()));
        } catch (IllegalArgumentException e) {
            throw CommandFailure.usage("--record: " + e.getMessage());
        }
    }

    private void report(List<EraseRecordsReply> replies) {
        long records = 0;
        long segments = 0;
        long freed = 0;
        long unreadable = 0;
        for (EraseRecordsReply reply : replies) {
            records += reply.getRecords();
            segments += reply.getSegments();
            freed += reply.getBytesBefore() - reply.getBytesAfter();
            unreadable += reply.getUnreadableBatches();
        }
        if (format.isJson()) {
            long allRecords = records;
            long allSegments = segments;
            long allFreed = freed;
            long allUnreadable = unreadable;
            new JsonLines(terminal.out()).object(json -> {
                json.writeNumberField("records", allRecords);
                json.writeNumberField("segments", allSegments);
                json.writeNumberField("freedBytes", allFreed);
                json.writeNumberField("unreadableBatches", allUnreadable);
            });
        } else {
            terminal.say("erased " + records + (records == 1 ? " record" : " records") + " of topic " + name + ": "
                    + segments + (segments == 1 ? " segment" : " segments") + " rewritten, " + Human.bytes(freed)
                    + " free");
            if (unreadable > 0) {
                terminal.say(unreadable + " batches cannot be decompressed and stay as they are");
            }
        }
    }
}
