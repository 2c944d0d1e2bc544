package io.headwater.cli;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.Broker;
import io.headwater.broker.config.BrokerConfig;
import io.headwater.cli.Shell.Result;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Dead-letter topics as a user meets them, against a broker in this process. */
@Timeout(60)
class DeadLetterCommandsTest {
    @TempDir
    Path directory;

    private Broker broker;
    private Shell shell;

    @BeforeEach
    void startBroker() throws Exception {
        broker = Broker.start(BrokerConfig.onFreePorts(directory.resolve("data")));
        shell = new Shell("--server", "127.0.0.1:" + broker.port());
        ok("topic", "create", "d", "--partitions", "3");
        ok("queue", "create", "d", "look");
        ok("topic", "create", "t", "--dead-letter", "d");
        ok("queue", "create", "t", "g", "--max-failures", "2", "--backoff", "none");
    }

    @AfterEach
    void stopBroker() {
        broker.close();
    }

    private Result ok(String... args) {
        return shell.run(args).done();
    }

    private void produce(String lines, String... options) {
        String[] command = new String[2 + options.length];
        command[0] = "produce";
        command[1] = "t";
        System.arraycopy(options, 0, command, 2, options.length);
        shell.runWith(lines, command).done();
    }

    private void work(String command) {
        shell.run("queue", "work", "t", "g", "--until-empty", "--exec", command);
    }

    private String letter() {
        return ok("queue", "receive", "d", "look", "--wait", "20s", "--ack", "--format", "json")
                .out();
    }

    private String explained(String record) {
        return ok("queue", "explain", "t", "g", "--record", record).out();
    }

    private static void holds(String text, String... parts) {
        for (String part : parts) {
            assertTrue(text.contains(part), part + " in " + text);
        }
    }

    /** Until the broker has tried again. */
    private String awaitExplained(String record, String part) {
        long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        String explained = explained(record);
        while (!explained.contains(part) && System.nanoTime() < end) {
            explained = explained(record);
        }
        holds(explained, part);
        return explained;
    }

    @Test
    void aRecordThatFailsGoesToTheDeadLetterTopicWithAllThatIsKnownOfIt() {
        produce("{\"id\":\"m1\",\"k\":\"ann\"}\n", "--key-field", "k", "--message-id-field", "id", "--priority", "7");
        work("echo no such mailbox >&2; exit 1");
        String letter = letter();
        holds(
                letter,
                "\"topic\":\"d\"",
                "\"key\":\"ann\"",
                "\"value\":\"{\\\"id\\\":\\\"m1\\\",\\\"k\\\":\\\"ann\\\"}\"",
                "\"hw-dead-message-id\":\"m1\"",
                "\"hw-dead-priority\":\"7\"",
                "\"hw-dead-origin\":\"t/0:0\"",
                "\"hw-dead-topic\":\"t\"",
                "\"hw-dead-partition\":\"0\"",
                "\"hw-dead-offset\":\"0\"",
                "\"hw-dead-group\":\"g\"",
                "\"hw-dead-deliveries\":\"2\"",
                "\"hw-dead-failures\":\"2\"",
                "\"hw-dead-cause\":\"failed\"",
                "\"hw-dead-reason\":\"exit 1: no such mailbox\"",
                "\"hw-dead-ingested-at\":\"",
                "\"hw-dead-at\":\"");
        assertTrue(!letter.contains("\"hw-priority\""), letter);
        awaitExplained("0:0", "record 0:0: DONE");
        String described = ok("queue", "describe", "t", "g", "--format", "json").out();
        holds(described, "\"dead\":0,\"moving\":0,", "\"moved\":1,");
    }

    @Test
    void deadRecordsWaitForTheirTopicAndSayWhy() {
        ok("topic", "delete", "d");
        produce("a\n");
        work("exit 1");
        holds(explained("0:0"), "record 0:0: MOVING", "cannot be moved since", "dead-letter topic d does not exist");
        holds(
                ok("queue", "describe", "t", "g").out(),
                "1 moving",
                "1 dead record cannot be moved since",
                "the dead-letter topic d does not exist");
        holds(
                ok("queue", "browse", "t", "g", "--state", "moving", "--format", "json")
                        .out(),
                "\"state\":\"moving\"");
        shell.run("queue", "redrive", "t", "g").done();
        holds(explained("0:0"), "record 0:0: MOVING");
        ok("topic", "create", "d");
        ok("queue", "create", "d", "look");
        holds(letter(), "\"value\":\"a\"", "\"hw-dead-origin\":\"t/0:0\"");
        awaitExplained("0:0", "record 0:0: DONE");
    }

    @Test
    void aRestartedBrokerMovesThemThoughNobodyAsksForTheirTopic() throws Exception {
        ok("topic", "delete", "d");
        produce("a\n");
        work("exit 1");
        broker.close();
        broker = Broker.start(BrokerConfig.onFreePorts(directory.resolve("data")));
        shell = new Shell("--server", "127.0.0.1:" + broker.port());
        ok("topic", "create", "d");
        ok("queue", "create", "d", "look");
        holds(letter(), "\"value\":\"a\"");
    }

    @Test
    void withoutADeadLetterTopicTheyStayAfterAll() {
        ok("topic", "delete", "d");
        produce("a\n");
        work("exit 1");
        ok("topic", "alter", "t", "--no-dead-letter");
        holds(awaitExplained("0:0", "record 0:0: DEAD"), "not moved, as its topic has no dead-letter topic any more");
        holds(ok("queue", "redrive", "t", "g").err(), "1 dead record ready again");
    }

    @Test
    void whatSomethingWaitsForStays() {
        ok("queue", "create", "t", "keys", "--keyed", "--max-failures", "1", "--on-dead", "hold-key");
        ok("queue", "create", "t", "stops", "--max-failures", "1", "--on-dead", "stop");
        produce("a\n");
        for (String group : new String[] {"keys", "stops"}) {
            shell.run("queue", "work", "t", group, "--until-empty", "--exec", "exit 1");
            holds(ok("queue", "explain", "t", group, "--record", "0:0").out(), "record 0:0: DEAD", "kept");
        }
    }

    @Test
    void erasingARecordErasesItsCopies() {
        ok("topic", "create", "deeper");
        ok("topic", "alter", "d", "--dead-letter", "deeper");
        ok("queue", "create", "d", "dies", "--max-failures", "1");
        produce("one\ntwo\nthree\n");
        work("exit 1");
        awaitExplained("0:2", "record 0:2: DONE");
        // The copies die again: what is behind has them as well.
        shell.run("queue", "work", "d", "dies", "--until-empty", "--exec", "exit 1");
        ok("queue", "create", "deeper", "look");
        for (int i = 0; i < 3; i++) {
            holds(deeper(), "\"hw-dead-topic\":\"d\"");
        }
        String erased =
                ok("topic", "erase", "t", "--record", "0:1", "--format", "json").out();
        holds(
                erased,
                "{\"records\":1,",
                "\"deadLetters\":[{\"topic\":\"d\",\"records\":1,",
                "{\"topic\":\"deeper\",\"records\":1,");
        for (String topic : new String[] {"t", "d", "deeper"}) {
            String left = ok("consume", topic).out();
            assertTrue(left.contains("one") && !left.contains("two") && left.contains("three"), topic + ": " + left);
        }
        Result again = ok("topic", "erase", "t", "--record", "0:1");
        holds(again.err(), "erased 0 records of topic t", "erased 0 records of dead-letter topic d");
    }

    private String deeper() {
        return ok("queue", "receive", "deeper", "look", "--wait", "20s", "--ack", "--format", "json")
                .out();
    }

    @Test
    void erasingAKeyErasesItEverywhereAndWhatStillMovesNeverArrives() {
        produce("{\"k\":\"ann\"}\n{\"k\":\"bob\"}\n", "--key-field", "k");
        work("exit 1");
        awaitExplained("0:1", "record 0:1: DONE");
        ok("topic", "delete", "d");
        produce("{\"k\":\"ann\",\"n\":2}\n{\"k\":\"bob\",\"n\":2}\n", "--key-field", "k");
        work("exit 1");
        holds(explained("0:2"), "record 0:2: MOVING");
        holds(ok("topic", "erase", "t", "--key", "ann", "--format", "json").out(), "{\"records\":2,");
        ok("topic", "create", "d");
        ok("queue", "create", "d", "look");
        holds(letter(), "\"key\":\"bob\"");
        awaitExplained("0:2", "record 0:2: DONE");
        assertTrue(!ok("consume", "d").out().contains("ann"));
        produce("{\"k\":\"ann\",\"n\":3}\n", "--key-field", "k");
        work("exit 1");
        holds(letter(), "\"key\":\"ann\"");
        holds(
                ok("topic", "erase", "t", "--key", "ann", "--format", "json").out(),
                "{\"records\":1,",
                "\"deadLetters\":[{\"topic\":\"d\",\"records\":1,");
        assertTrue(!ok("consume", "d").out().contains("ann"));
    }
}
