package io.headwater.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.Broker;
import io.headwater.broker.config.BrokerConfig;
import io.headwater.cli.Shell.Result;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The queue commands as a user runs them, against a broker in this process. */
class QueueCommandsTest {
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

    private Result fails(int code, String mentions, String... args) {
        return shell.run(args).failed(code, mentions);
    }

    private static String[] with(String[] options, String... command) {
        return Stream.concat(Stream.of(command), Stream.of(options)).toArray(String[]::new);
    }

    /** A topic t with a group g and these lines. */
    private void queue(String lines, String... options) {
        ok("topic", "create", "t");
        ok(with(options, "queue", "create", "t", "g"));
        produce(lines);
    }

    private void produce(String lines, String... options) {
        shell.runWith(lines, with(options, "produce", "t")).done();
    }

    private String described() {
        return ok("queue", "describe", "t", "g", "--format", "json").out();
    }

    private void holds(String fields) {
        String described = described();
        assertTrue(described.contains(fields), described);
    }

    private String code(String... about) {
        return field(
                "code",
                ok(with(about, "queue", "explain", "t", "g", "--format", "json"))
                        .out());
    }

    private static String field(String name, String json) {
        return json.replaceAll("(?s)^.*?\"" + name + "\":\"?([^\",}]*).*$", "$1");
    }

    private static String numbers(int from, int until) {
        return IntStream.range(from, until).mapToObj(n -> n + "\n").collect(Collectors.joining());
    }

    @Test
    void aGroupIsMadeListedDescribedChangedAndDeleted() {
        ok("topic", "create", "t", "--partitions", "2");
        Result made = ok("queue", "create", "t", "g", "--keyed", "--on-dead", "hold-key");
        assertEquals(
                "created queue group g of topic t: in order per key, lease 30s, dead after 16 failures, backoff "
                        + "exponential:1s:5m, on death hold-key, session grace 5s\n",
                made.err());
        produce(numbers(0, 3));
        String listed = ok("queue", "list").out();
        assertTrue(listed.matches("(?s)TOPIC +GROUP +KIND +READY.*\nt +g +keyed +3 +0 +0 +0 .*"), listed);
        assertTrue(ok("queue", "list", "t", "--format", "json").out().startsWith("{\"topic\":\"t\",\"group\":\"g\","));
        ok("queue", "alter", "t", "g", "--lease", "1m", "--max-failures", "off", "--backoff", "fixed:5s");
        holds(
                "\"kind\":\"keyed\",\"leaseMs\":60000,\"maxFailures\":-1,\"backoff\":\"fixed:5s\",\"onDead\":\"hold-key\"");
        holds("\"ready\":3,\"waiting\":0,\"leased\":0,\"dead\":0,");
        String described = ok("queue", "describe", "t", "g").out();
        assertTrue(described.contains("never dead") && described.contains("no consumer is connected"), described);
        String topic = ok("topic", "describe", "t").out();
        assertTrue(topic.contains("queue groups: g (keyed)"), topic);
        ok("queue", "delete", "t", "g");
        assertEquals("", ok("queue", "list", "t").out());
    }

    @Test
    void aMissingTopicOrGroupIsNamedWithTheCommandThatMakesIt() {
        fails(1, "make it with: headwater topic create nope", "queue", "create", "nope", "g");
        fails(1, "make it with: headwater topic create nope", "queue", "list", "nope");
        ok("topic", "create", "t");
        for (String[] command : new String[][] {
            {"queue", "describe", "t", "nope"},
            {"queue", "alter", "t", "nope", "--lease", "5s"},
            {"queue", "delete", "t", "nope"},
            {"queue", "receive", "t", "nope"},
            {"queue", "work", "t", "nope", "--exec", "true"},
            {"queue", "work", "t", "nope", "--exec", "true", "--until-empty"},
            {"queue", "browse", "t", "nope"},
            {"queue", "explain", "t", "nope"},
            {"queue", "explain", "t", "nope", "--record", "0:1"},
            {"queue", "redrive", "t", "nope"},
            {"queue", "purge", "t", "nope", "--state", "dead"},
            {"queue", "cancel", "t", "nope"},
            {"queue", "replay", "t", "nope", "--from", "beginning"},
            {"queue", "pause", "t", "nope"},
            {"queue", "resume", "t", "nope"}
        }) {
            fails(1, "has no queue group nope; make it with: headwater queue create t nope", command);
        }
        ok("queue", "create", "t", "g");
        fails(1, "exists already", "queue", "create", "t", "g");
        assertTrue(ok("queue", "create", "t", "g", "--keyed", "--if-not-exists")
                .err()
                .startsWith("kept queue group g"));
    }

    @Test
    void whatWasReceivedIsSettledByItsToken() {
        queue("a\nb\n", "--backoff", "fixed:1h", "--max-failures", "2");
        Result received = ok("queue", "receive", "t", "g");
        assertEquals("a\n", received.out());
        String token = received.err().lines().findFirst().orElse("").replaceAll(" .*", "");
        assertEquals("LEASED", code("--record", "0:0"));
        ok("queue", "settle", token, "--extend", "2m");
        ok("queue", "settle", token, "--fail", "--reason", "no paper");
        ok("queue", "settle", token, "--fail", "--reason", "no paper");
        assertEquals("BACKOFF", code("--record", "0:0"));
        fails(1, "WAITING", "queue", "settle", token, "--ack");

        String json = ok("queue", "receive", "t", "g", "--format", "json").out();
        assertTrue(
                json.startsWith("{\"topic\":\"t\",\"partition\":0,\"offset\":1,\"key\":null,\"value\":\"b\","), json);
        assertTrue(json.matches("(?s).*\"deliveries\":\\d,\"failures\":0,\"token\":\".*"), json);
        ok("queue", "settle", field("token", json), "--reject", "--reason", "nonsense");
        assertEquals("DEAD", code("--record", "0:1"));
        holds("\"ready\":0,\"waiting\":1,\"leased\":0,\"dead\":1,");
        Result nothing = ok("queue", "receive", "t", "g", "--wait", "0s");
        assertEquals("", nothing.out());
        assertTrue(nothing.err().contains("headwater queue explain t g says why"), nothing.err());
        fails(1, "expected: the token", "queue", "settle", "nonsense", "--ack");
    }

    @Test
    void neverLeasesMoreThanAskedForOverAllPartitions() {
        ok("topic", "create", "t", "--partitions", "4");
        ok("queue", "create", "t", "g");
        produce(numbers(0, 5), "--partition", "0");
        produce(numbers(0, 5), "--partition", "2");
        produce(numbers(0, 5), "--partition", "3");
        assertEquals(2, ok("queue", "receive", "t", "g", "--max", "2").lines().size());
        holds("\"ready\":13,\"waiting\":0,\"leased\":2,\"dead\":0,");
        int rest = 0;
        while (rest < 13) {
            // As many as come together, so that it may take more than one go.
            int some = ok("queue", "receive", "t", "g", "--max", "100", "--ack")
                    .lines()
                    .size();
            assertTrue(some > 0, described());
            rest += some;
        }
        holds("\"ready\":0,\"waiting\":0,\"leased\":2,\"dead\":0,");
    }

    @Test
    void aReaderThatGoesAwayLosesNothing() {
        queue("a\n");
        OutputStream gone = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        Result result = shell.run(
                InputStream.nullInputStream(),
                gone,
                new ByteArrayOutputStream(),
                "queue",
                "receive",
                "t",
                "g",
                "--ack");
        assertEquals("", result.done().err());
        assertEquals("a\n", ok("queue", "receive", "t", "g", "--ack").out());
    }

    @Test
    void aCommandGetsTheRecordAndItsExitCodeSettlesIt() {
        ok("topic", "create", "t");
        ok("queue", "create", "t", "g", "--max-failures", "2", "--backoff", "none");
        produce("bad\n");
        produce("fine\n", "--key", "käse", "--header", "x-id=7", "--header", "b=");
        Result worked = ok(
                "queue",
                "work",
                "t",
                "g",
                "--until-empty",
                "--exec",
                "read -r v; [ $v = fine ] || { echo one >&2; echo no $v >&2; exit 3; };"
                        + " echo $v $HEADWATER_KEY $HEADWATER_HEADER_x_id [$HEADWATER_HEADER_b] $HEADWATER_TOPIC"
                        + " $HEADWATER_GROUP $HEADWATER_PARTITION:$HEADWATER_OFFSET $HEADWATER_DELIVERIES");
        assertEquals("fine käse 7 [] t g 0:1 1\n", worked.out());
        assertTrue(worked.err().endsWith("3 records: 1 done, 2 failed\n"), worked.err());
        assertTrue(worked.err().contains("one\nno bad\n"), worked.err());
        assertEquals("DEAD", code());
        assertEquals("DONE", code("--record", "0:1"));
        String text = ok("queue", "explain", "t", "g").out();
        assertTrue(text.startsWith("record 0:0: DEAD\n") && text.contains("failed 2 times"), text);

        assertTrue(ok("queue", "redrive", "t", "g").err().startsWith("1 dead record ready again"));
        ok("queue", "work", "t", "g", "--until-empty", "--concurrency", "3", "--exec", "cat >/dev/null");
        assertEquals("DONE", code());
        holds("\"ready\":0,\"waiting\":0,\"leased\":0,\"dead\":0,");
        holds("\"delivered\":4,\"acked\":2,\"returned\":{\"released\":0,\"failed\":2,\"rejected\":0,\"expired\":0,");
    }

    @Test
    void aWorkersCommandMayPrintMuchAndReadNothing() {
        queue("x".repeat(300_000) + "\n" + numbers(1, 4));
        Result worked = ok(
                "queue",
                "work",
                "t",
                "g",
                "--until-empty",
                "--concurrency",
                "4",
                "--exec",
                "head -c 100000 /dev/zero | tr '\\0' y; echo; echo quiet >&2");
        assertEquals(4 * 100_001, worked.outBytes().length);
        assertTrue(worked.err().endsWith("4 records: 4 done, 0 failed\n"), worked.err());
    }

    @Test
    void aCommandThatIsInterruptedHasNotFailed() throws Exception {
        queue("a\n");
        Path fifo = directory.resolve("fifo");
        assertEquals(0, new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor());
        PipedInputStream printed = new PipedInputStream();
        PipedOutputStream out = new PipedOutputStream(printed);
        CompletableFuture<Result> working = CompletableFuture.supplyAsync(() -> shell.run(
                InputStream.nullInputStream(),
                out,
                new ByteArrayOutputStream(),
                "queue",
                "work",
                "t",
                "g",
                "--exec",
                "echo go; head -c 1 " + fifo + " >/dev/null; kill -TERM $$"));
        assertEquals("go\n", new String(printed.readNBytes(3), StandardCharsets.UTF_8));
        CompletableFuture<Void> interrupted = CompletableFuture.runAsync(shell::interrupt);
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (described().contains("\"consumers\":1")) {
            assertTrue(System.nanoTime() < deadline, "a worker that is told to stop takes no more");
        }
        Files.write(fifo, new byte[] {1});
        assertTrue(
                working.join().done().err().contains("0 failed"), working.join().err());
        interrupted.join();
        holds("\"ready\":1,\"waiting\":0,\"leased\":0,\"dead\":0,");
        String browsed = ok("queue", "browse", "t", "g", "--format", "json").out();
        assertEquals(
                browsed,
                ok("queue", "browse", "t", "g", "--format", "json", "--local-end")
                        .out());
        assertTrue(browsed.contains("\"state\":\"ready\",\"deliveries\":1,\"failures\":0,"), browsed);
    }

    @Test
    void recordsAreBrowsedByStateAndKeyAndNothingChanges() {
        queue("", "--keyed", "--backoff", "fixed:1h");
        for (String key : List.of("a", "b", "c")) {
            produce(numbers(0, 3), "--key", key);
        }
        String rejected = ok("queue", "receive", "t", "g", "--format", "json").out();
        ok("queue", "settle", field("token", rejected), "--reject");
        ok("queue", "receive", "t", "g", "--max", "2");
        String before = withoutAges();
        assertEquals(List.of("2", "4", "5", "6", "7", "8"), offsets("--state", "ready"));
        assertEquals(List.of("0"), offsets("--state", "dead"));
        assertEquals(List.of("4", "5", "3"), offsets("--key", "b"));
        assertEquals(
                List.of("leased"),
                ok("queue", "browse", "t", "g", "--state", "leased", "--key", "b", "--format", "json").lines().stream()
                        .map(line -> field("state", line))
                        .toList());
        assertEquals(
                2,
                ok("queue", "browse", "t", "g", "--max", "2", "--format", "json")
                        .lines()
                        .size());
        assertEquals(before, withoutAges());
        assertEquals("LEASED", code("--key", "b"));
        assertEquals("KEY_HELD", code("--record", "0:4"));
        assertEquals("KEY_ORDER", code("--record", "0:8"));
    }

    private String withoutAges() {
        return described().replaceAll("\"oldestReadyMs\":\\d+", "");
    }

    private List<String> offsets(String... options) {
        return ok(with(options, "queue", "browse", "t", "g", "--format", "json")).lines().stream()
                .map(line -> field("offset", line))
                .toList();
    }

    @Test
    void anOperatorPausesPurgesAndCancels() {
        queue(numbers(0, 6));
        produce("later\n", "--delay", "1h");
        ok("queue", "pause", "t", "g");
        assertEquals("PAUSED", code());
        assertEquals("", ok("queue", "receive", "t", "g", "--wait", "0s").out());
        ok("queue", "resume", "t", "g");
        assertEquals("NO_CONSUMER", code());
        assertEquals("SCHEDULED", code("--record", "0:6"));
        assertTrue(ok("queue", "purge", "t", "g", "--state", "ready", "--partition", "0", "--from", "1", "--to", "3")
                .err()
                .startsWith("2 records purged"));
        assertEquals(
                "{\"cancelled\":1}\n",
                ok("queue", "cancel", "t", "g", "--format", "json").out());
        assertEquals(
                "0\n3\n4\n5\n",
                ok("queue", "receive", "t", "g", "--max", "9", "--ack").out());
        assertEquals("DONE", code());
        assertEquals(7, ok("consume", "t").lines().size());
    }

    @Test
    void aProducerMayAskForALaterTimeAPriorityAndAnId() {
        queue("usual\n");
        produce("low\n", "--priority", "0");
        produce("high\n", "--priority", "9");
        produce("due\n", "--deliver-at", "2020-01-01");
        produce("{\"id\":\"m1\"}\n", "--message-id-field", "id", "--deliver-at", "2999-01-01T00:00:00Z");
        assertEquals(
                "high\nusual\ndue\nlow\n",
                ok("queue", "receive", "t", "g", "--max", "4", "--ack").out());
        assertEquals("SCHEDULED", code());
        String json =
                ok("consume", "t", "--from", "offset:4", "--format", "json").out();
        assertTrue(json.contains("\"hw-message-id\":\"m1\""), json);
        shell.runWith("{\"x\":1}\n", "produce", "t", "--message-id-field", "id").failed(1, "line 1 has no field id");
    }

    @Test
    void whatIsProducedAgainWithItsIdIsThereOnce() {
        Result made = ok("topic", "create", "t", "--dedup-window", "10m");
        assertTrue(made.err().contains("message ids stored once in 10m"), made.err());
        ok("queue", "create", "t", "g");
        for (int time = 0; time < 2; time++) {
            produce("{\"id\":1}\n{\"id\":2}\n{\"id\":1}\n", "--message-id-field", "id");
        }
        String described = described();
        assertTrue(described.contains("\"ready\":2,"), described);
        fails(1, "compaction", "topic", "alter", "t", "--compact");
        ok("topic", "alter", "t", "--dedup-window", "off", "--compact");
    }

    @Test
    void aTopicMayForgetWhatIsDoneAndBoundWhatIsNot() {
        Result made = ok(
                "topic",
                "create",
                "t",
                "--delete-on-ack",
                "--acked-grace",
                "1h",
                "--max-records",
                "2",
                "--max-age",
                "2d",
                "--max-bytes",
                "1MiB",
                "--overflow",
                "reject");
        assertTrue(
                made.err()
                        .contains(
                                "deleted when all queue groups are done 1h later, at most 2 records not done a "
                                        + "partition (reject), at most 1 MiB not done a partition (reject), dead when not done after 2d"),
                made.err());
        ok("queue", "create", "t", "g");
        produce("a\nb\n");
        shell.runWith("c\n", "produce", "t").failed(1, "headwater queue list shows who is not done");
        ok("topic", "alter", "t", "--no-delete-on-ack", "--acked-grace", "0s", "--max-records", "unlimited");
        ok("topic", "alter", "t", "--max-age", "unlimited", "--max-bytes", "unlimited");
        produce("c\n");
        String json = ok("topic", "describe", "t", "--format", "json").out();
        assertTrue(
                json.contains(
                        "\"deleteOnAck\":false,\"ackedGraceMs\":0,\"maxRecords\":-1,\"maxBytes\":-1,\"maxAgeMs\":-1,\"overflow\":\"reject\""),
                json);
        assertTrue(json.contains("\"queueGroups\":[\"g\"]"), json);
    }

    @Test
    void aDeadLetterTopicExistsAndNeverLeadsBack() {
        fails(1, "dead-letter topic 'd' does not exist; create it first", "topic", "create", "t", "--dead-letter", "d");
        ok("topic", "create", "d");
        String made = ok("topic", "create", "t", "--dead-letter", "d").err();
        assertTrue(made.contains("the dead go to topic d"), made);
        fails(1, "itself (expected: another topic)", "topic", "alter", "t", "--dead-letter", "t");
        fails(1, "dead records would come back: d -> t -> d", "topic", "alter", "d", "--dead-letter", "t");
        fails(2, "expected: one of them", "topic", "alter", "t", "--dead-letter", "d", "--no-dead-letter");
        String json = ok("topic", "describe", "t", "--format", "json").out();
        assertTrue(json.contains("\"deadLetter\":\"d\""), json);
        ok("topic", "alter", "t", "--no-dead-letter");
        json = ok("topic", "describe", "t", "--format", "json").out();
        assertTrue(json.contains("\"deadLetter\":\"\""), json);
    }

    @Test
    void aLoadThroughAQueueAcknowledgesEveryRecordOnce() {
        String[] bench = {
            "bench", "queue", "--records", "2000", "--record-bytes", "100", "--partitions", "2", "--format", "json"
        };
        for (String result : List.of(
                ok(bench).out(),
                ok(with(new String[] {"--keyed", "--keys", "50"}, bench)).out())) {
            assertTrue(result.contains("\"records\":2000,\"failed\":0,\"undelivered\":0,"), result);
            assertTrue(result.contains("\"ackedTwice\":0,\"outOfOrder\":0,\"left\":0}"), result);
        }
    }
}
