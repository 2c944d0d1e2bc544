package io.headwater.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.Broker;
import io.headwater.broker.config.BrokerConfig;
import io.headwater.cli.Shell.Result;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Records that an operator moves to another topic, as he types it. */
@Timeout(120)
class QueueMoveCommandsTest {
    @TempDir
    Path directory;

    private Broker broker;
    private Shell shell;

    @BeforeEach
    void startBroker() throws Exception {
        broker = Broker.start(BrokerConfig.onFreePorts(directory.resolve("data")));
        shell = new Shell("--server", "127.0.0.1:" + broker.port());
        ok("topic", "create", "t");
        ok("queue", "create", "t", "g", "--max-failures", "1");
        ok("topic", "create", "u", "--partitions", "3");
        ok("queue", "create", "u", "g");
    }

    @AfterEach
    void stopBroker() {
        broker.close();
    }

    private Result ok(String... args) {
        return shell.run(args).done();
    }

    private void produce(String lines, String... options) {
        shell.runWith(
                        lines,
                        Stream.concat(Stream.of("produce", "t"), Stream.of(options))
                                .toArray(String[]::new))
                .done();
    }

    private void says(String beginning, String... args) {
        String err = ok(args).err();
        assertTrue(err.startsWith(beginning), err);
    }

    private static void holds(String text, String... parts) {
        for (String part : parts) {
            assertTrue(text.contains(part), part + " in " + text);
        }
    }

    private String counts(String topic) {
        return ok("queue", "describe", topic, "g", "--format", "json").out();
    }

    /** All that a group delivers, in the order of each partition. */
    private List<String> received(String topic) {
        return ok("queue", "receive", topic, "g", "--max", "5000", "--wait", "10s", "--ack", "--format", "json")
                .lines();
    }

    @Test
    void recordsGoToAnotherTopicAsTheyAre() {
        String lines = IntStream.range(0, 2_500)
                .mapToObj(n -> "{\"k\":\"key-" + n % 40 + "\",\"n\":" + n + "}\n")
                .collect(Collectors.joining());
        produce(lines, "--key-field", "k", "--header", "colour=red", "--priority", "7");
        says("63 records would be moved from queue group g of topic t to topic u", move("--key", "key-7", "--dry-run"));
        says("63 records moved from queue group g of topic t to topic u", move("--key", "key-7"));
        says("0 records moved", move("--key", "key-7"));
        assertEquals(
                "{\"moved\":2437,\"withoutOrigin\":0,\"originGone\":0,\"unfit\":0}\n",
                ok(move("--format", "json")).out());
        holds(counts("t"), "\"ready\":0,\"waiting\":0,\"leased\":0,\"dead\":0,\"moving\":0,");
        List<String> there = received("u");
        assertEquals(2_500, there.size());
        holds(there.get(0), "\"colour\":\"red\"", "\"hw-priority\":\"7\"");
        for (String key : List.of("key-0", "key-7", "key-39")) {
            List<Integer> numbers = there.stream()
                    .filter(record -> record.contains("\"" + key + "\""))
                    .map(record -> Integer.valueOf(record.replaceAll(".*n\\\\\":(\\d+).*", "$1")))
                    .toList();
            assertEquals(numbers.stream().sorted().toList(), numbers, "the order of " + key);
        }
    }

    private static String[] move(String... options) {
        return Stream.concat(Stream.of("queue", "move", "t", "g", "--to-topic", "u"), Stream.of(options))
                .toArray(String[]::new);
    }

    @Test
    void whatIsLeasedStaysAndWhatWaitsKeepsItsTime() {
        produce("leased\ndead\nready\n");
        produce("later\n", "--delay", "1h");
        String token = leased();
        ok("queue", "settle", leased(), "--reject");
        says("1 record moved", move("--state", "dead"));
        says("2 records moved", move("--state", "ready,waiting"));
        holds(counts("t"), "\"ready\":0,\"waiting\":0,\"leased\":1,\"dead\":0,");
        holds(counts("u"), "\"ready\":2,\"waiting\":1,");
        ok("queue", "settle", token, "--ack");
    }

    private String leased() {
        return ok("queue", "receive", "t", "g")
                .err()
                .lines()
                .findFirst()
                .orElse("")
                .replaceAll(" .*", "");
    }

    @Test
    void theDeadAreRedrivenToAnotherTopic() {
        produce("a\nb\nc\n");
        ok("queue", "work", "t", "g", "--until-empty", "--exec", "test $(cat) = c");
        says(
                "2 dead records moved from queue group g of topic t to topic u",
                "queue",
                "redrive",
                "t",
                "g",
                "--to-topic",
                "u");
        holds(counts("t"), "\"dead\":0,");
        String there = String.join("\n", received("u"));
        holds(there, "\"value\":\"a\"", "\"value\":\"b\"", "\"deliveries\":1,\"failures\":0");
        assertTrue(!there.contains("hw-dead"), there);
    }

    @Test
    void deadLettersGoBackToWhereTheyCameFrom() {
        ok("topic", "create", "d", "--dedup-window", "10m");
        ok("queue", "create", "d", "g");
        ok("topic", "alter", "t", "--dead-letter", "d", "--dedup-window", "10m");
        produce("{\"id\":\"m1\",\"k\":\"ann\"}\n", "--key-field", "k", "--message-id-field", "id", "--priority", "7");
        ok("queue", "work", "t", "g", "--until-empty", "--exec", "echo no >&2; exit 1");
        shell.runWith("stranger\n", "produce", "d").done();
        ok("topic", "create", "gone", "--dead-letter", "d");
        ok("queue", "create", "gone", "g", "--max-failures", "1");
        shell.runWith("orphan\n", "produce", "gone").done();
        ok("queue", "work", "gone", "g", "--until-empty", "--exec", "exit 1");
        await("d", "\"ready\":3,");
        ok("topic", "delete", "gone");
        Result moved = ok("queue", "move", "d", "g", "--to-origin");
        holds(
                moved.err(),
                "1 record moved from queue group g of topic d to where they died",
                "1 record left: without hw-dead-topic",
                "1 record left: there is no other topic");
        String back = String.join("\n", received("t"));
        holds(
                back,
                "\"key\":\"ann\"",
                "\"hw-message-id\":\"m1\"",
                "\"hw-priority\":\"7\"",
                "\"deliveries\":1,\"failures\":0");
        assertTrue(!back.contains("hw-dead"), back);
        assertEquals(
                "{\"moved\":0,\"withoutOrigin\":0,\"originGone\":0,\"unfit\":0}\n",
                ok("queue", "redrive", "d", "g", "--to-origin", "--format", "json")
                        .out());
    }

    private void await(String topic, String part) {
        for (int i = 0; i < 200 && !counts(topic).contains(part); i++) {
            ok("queue", "receive", "u", "g", "--wait", "50ms");
        }
        holds(counts(topic), part);
    }

    @Test
    void aFullTopicTakesWhatItCan() {
        ok("topic", "create", "small", "--delete-on-ack", "--max-records", "300", "--overflow", "reject");
        ok("queue", "create", "small", "g");
        produce(IntStream.range(0, 1_000).mapToObj(n -> n + "\n").collect(Collectors.joining()));
        Result full = shell.run("queue", "move", "t", "g", "--to-topic", "small");
        full.failed(1, "nothing of this is moved: partition small-0: room for 0 of 1 records");
        holds(full.err(), "300 records before this failed");
        holds(counts("small"), "\"ready\":300,");
        holds(counts("t"), "\"ready\":700,");
        assertEquals(300, received("small").size());
        says("300 records moved", "queue", "move", "t", "g", "--to-topic", "small", "--partition", "0", "--to", "600");
    }

    @Test
    void saysWhatCannotBe() {
        produce("a\n");
        shell.run("queue", "move", "t", "g", "--to-topic", "nowhere").failed(1, "topic nowhere does not exist");
        shell.run("queue", "move", "t", "g", "--to-topic", "t").failed(1, "t, in which the records are");
        shell.run("queue", "move", "t", "g").failed(2, "--to-topic");
        shell.run("queue", "move", "t", "g", "--to-topic", "u", "--to-origin").failed(2, "mutually exclusive");
        says("0 records moved", "queue", "move", "t", "g", "--to-origin");
        holds(counts("t"), "\"ready\":1,");
    }
}
