package io.headwater.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.Broker;
import io.headwater.broker.config.BrokerConfig;
import io.headwater.cli.Shell.Result;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What operators do with many records of a queue at once, as they type it. */
class QueueSweepCommandsTest {
    @TempDir
    Path directory;

    private Broker broker;
    private Shell shell;

    @BeforeEach
    void startBroker() throws Exception {
        broker = Broker.start(BrokerConfig.onFreePorts(directory.resolve("data")));
        shell = new Shell("--server", "127.0.0.1:" + broker.port());
    }

    @AfterEach
    void stopBroker() {
        broker.close();
    }

    private Result ok(String... args) {
        return shell.run(args).done();
    }

    private void produce(String lines, String... options) {
        shell.runWith(lines, with("produce", "t", options)).done();
    }

    private static String[] with(String command, String topic, String... options) {
        return Stream.concat(Stream.of(command, topic), Stream.of(options)).toArray(String[]::new);
    }

    private static String numbers(int from, int until) {
        return IntStream.range(from, until).mapToObj(n -> n + "\n").collect(Collectors.joining());
    }

    private void says(String beginning, String... args) {
        String err = ok(args).err();
        assertTrue(err.startsWith(beginning), err);
    }

    /** The first number of records are dead, all for the same reason. */
    private void kill(int count) {
        ok("queue", "work", "t", "g", "--exec", "test $(cat) -ge " + count, "--until-empty");
    }

    @Test
    void recordsAreFoundByKeyHeaderAndTime() {
        ok("topic", "create", "t");
        ok("queue", "create", "t", "g");
        produce("{\"k\":\"a\",\"at\":\"2026-01-01T00:00:00Z\"}\n", "--key-field", "k", "--event-time-field", "at");
        produce("{\"k\":\"b\",\"at\":\"2026-01-02T00:00:00Z\"}\n", "--key-field", "k", "--event-time-field", "at");
        produce("red\n", "--header", "colour=red");
        String[][] finds = {
            {"0", "--key", "a"},
            {"1", "--from", "event:2026-01-02", "--to", "event:2026-01-03"},
            {"2", "--header", "colour=red"},
            {"1", "--partition", "0", "--from", "1", "--to", "2"},
            {"2", "--record", "0:2"}
        };
        for (String[] find : finds) {
            String[] options = Stream.of(find).skip(1).toArray(String[]::new);
            String found = ok(Stream.concat(
                                    Stream.of("queue", "browse", "t", "g", "--format", "json"), Stream.of(options))
                            .toArray(String[]::new))
                    .out();
            assertEquals(1, found.lines().count(), found);
            assertTrue(found.contains("\"offset\":" + find[0] + ","), found);
            Result dry = ok(Stream.concat(
                            Stream.of("queue", "purge", "t", "g", "--state", "ready", "--dry-run"), Stream.of(options))
                    .toArray(String[]::new));
            assertTrue(dry.err().startsWith("1 record would be purged in queue group g of topic t"), dry.err());
        }
        says("0 records", "queue", "browse", "t", "g", "--key", "a", "--header", "colour=red");
        says("1 record purged", "queue", "purge", "t", "g", "--state", "ready", "--key", "b");
        assertEquals("", ok("queue", "browse", "t", "g", "--state", "acked").out());
        String purged = ok("queue", "explain", "t", "g", "--record", "0:1").out();
        assertTrue(purged.contains("DONE") && purged.contains("purged or cancelled"), purged);
        assertEquals(
                2,
                ok("queue", "receive", "t", "g", "--max", "9", "--ack").lines().size());
        String[] acked = {"queue", "browse", "t", "g", "--state", "acked", "--format", "json"};
        assertEquals(2, ok(acked).lines().size());
        says("2 records would be ready", "queue", "replay", "t", "g", "--from", "beginning", "--dry-run");
    }

    @Test
    void theDeadComeBackBySelectionAndNotFasterThanAsked() {
        ok("topic", "create", "t");
        ok("queue", "create", "t", "g", "--max-failures", "1");
        produce(numbers(0, 40));
        kill(30);
        says("30 dead records would be ready", "queue", "redrive", "t", "g", "--cause", "failed", "--dry-run");
        says("0 dead records ready", "queue", "redrive", "t", "g", "--cause", "rejected,lease_expired");
        says("10 dead records ready", "queue", "redrive", "t", "g", "--partition", "0", "--to", "10");
        long beganNs = System.nanoTime();
        says("20 dead records ready", "queue", "redrive", "t", "g", "--rate", "40/s");
        assertTrue(System.nanoTime() - beganNs >= 350_000_000, "20 at 40 a second take half a second, less a step");
        assertEquals(
                "{\"redriven\":0}\n",
                ok("queue", "redrive", "t", "g", "--format", "json").out());
    }

    @Test
    void whatIsDoneComesAgainForOneGroupOnly() {
        ok("topic", "create", "t", "--delete-on-ack", "--acked-grace", "1h");
        ok("queue", "create", "t", "g");
        ok("queue", "create", "t", "other");
        produce("{\"k\":\"a\",\"n\":0}\n{\"k\":\"b\",\"n\":1}\n{\"k\":\"a\",\"n\":2}\n", "--key-field", "k");
        Result first = ok("queue", "receive", "t", "g", "--max", "9");
        String token = first.err().lines().findFirst().orElse("").replaceAll(" .*", "");
        first.err().lines().limit(3).forEach(line -> ok("queue", "settle", line.replaceAll(" .*", ""), "--ack"));
        ok("queue", "receive", "t", "other", "--max", "9", "--ack");
        says("0 records ready again", "queue", "replay", "t", "g", "--partition", "0", "--from", "3");
        says("2 records would be ready", "queue", "replay", "t", "g", "--from", "beginning", "--key", "a", "--dry-run");
        assertEquals(
                "{\"replayed\":2,\"gone\":0}\n",
                ok("queue", "replay", "t", "g", "--from", "beginning", "--key", "a", "--format", "json")
                        .out());
        shell.run("queue", "settle", token, "--ack").failed(1, "the record is READY now");
        Result again = ok("queue", "receive", "t", "g", "--max", "9", "--format", "pretty");
        assertTrue(again.out().contains("\"n\":0") && again.out().contains("\"n\":2"), again.out());
        assertTrue(again.out().contains("delivery 2"), again.out());
        shell.run("queue", "settle", token, "--ack").failed(1, "the record is LEASED now");
        assertEquals("", ok("queue", "receive", "t", "other", "--wait", "0s").out());
        says("1 record ready again", "queue", "replay", "t", "g", "--record", "0:1");
    }

    @Test
    void saysWhatCannotBe() {
        ok("topic", "create", "t");
        ok("queue", "create", "t", "g");
        shell.run("queue", "redrive", "t", "g", "--partition", "3").failed(1, "the topic has 1 partition, from 0 on");
        shell.run("queue", "purge", "t", "g", "--state", "dead", "--record", "1:0")
                .failed(1, "from 0 on");
        shell.run("queue", "browse", "t", "g", "--partition", "3").failed(1, "has no partition 3");
        says("0 dead records ready again", "queue", "redrive", "t", "g", "--record", "0:999");
        says("0 records purged", "queue", "purge", "t", "g", "--state", "ready", "--partition", "0", "--from", "5");
    }
}
