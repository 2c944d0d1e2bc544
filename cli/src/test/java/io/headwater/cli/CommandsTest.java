package io.headwater.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.Broker;
import io.headwater.broker.config.BrokerConfig;
import io.headwater.cli.Shell.Result;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commands as a user runs them, against a broker in this process. */
class CommandsTest {
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

    private static Result done(Result result) {
        return result.done();
    }

    private Result fails(int code, String mentions, String... args) {
        return failed(code, mentions, shell.run(args));
    }

    private static Result failed(int code, String mentions, Result result) {
        return result.failed(code, mentions);
    }

    @Test
    void aTopicIsMadeListedDescribedChangedAndDeleted() {
        ok("topic", "create", "orders", "--partitions", "2", "--retention", "3d", "--retention-bytes", "10GiB");
        String listed = ok("topic", "list").out();
        assertTrue(listed.contains("orders") && listed.contains("kept 3d, at most 10 GiB a partition"), listed);
        assertEquals(
                "{\"name\":\"orders\",\"id\":1,\"partitions\":2,\"retentionMs\":259200000,\"retentionBytes\":10737418240,"
                        + "\"ack\":\"persisted\",\"compact\":false,\"deleteOnAck\":false,\"ackedGraceMs\":0,\"maxRecords\":-1,\"maxBytes\":-1,\"maxAgeMs\":-1,"
                        + "\"overflow\":\"block\",\"deadLetter\":\"\",\"dedupWindowMs\":-1,",
                ok("topic", "list", "--format", "json").out().replaceAll("\"created\".*\n", ""));
        ok("topic", "alter", "orders", "--retention", "unlimited", "--partitions", "3", "--ack", "memory");
        String described = ok("topic", "describe", "orders", "--format", "json").out();
        assertTrue(described.contains("\"partitions\":3,\"retentionMs\":-1,"), described);
        assertTrue(described.contains("\"retentionBytes\":10737418240,\"ack\":\"memory\""), described);
        assertTrue(ok("topic", "describe", "orders").out().contains("PARTITION"));
        ok("topic", "delete", "orders");
        assertEquals("", ok("topic", "list").out());
    }

    @Test
    void theDefaultsOfATopicAreOnePartitionAndSevenDays() {
        String made = ok("topic", "create", "t", "--format", "json").out();
        assertTrue(made.contains("\"partitions\":1,\"retentionMs\":604800000,\"retentionBytes\":-1,"), made);
    }

    @Test
    void aMissingTopicIsNamedWithTheCommandThatMakesIt() {
        for (String[] command : new String[][] {
            {"consume", "nope"},
            {"produce", "nope"},
            {"topic", "describe", "nope"},
            {"topic", "alter", "nope", "--retention", "1d"},
        }) {
            fails(1, "topic nope does not exist; make it with: headwater topic create nope", command);
        }
        Result deleted = fails(1, "headwater topic list shows the topics", "topic", "delete", "nope");
        assertFalse(deleted.err().contains("create"), deleted.err());
    }

    @Test
    void anExistingTopicFailsUnlessThatIsAccepted() {
        ok("topic", "create", "t");
        fails(1, "exists already", "topic", "create", "t");
        ok("topic", "create", "t", "--if-not-exists");
        fails(1, "", "topic", "create", "no spaces");
    }

    @Test
    void whatWentInComesOutByteForByte() throws Exception {
        ok("topic", "create", "t");
        byte[] bytes = new byte[200_000];
        new SplittableRandom(3).nextBytes(bytes);
        bytes[bytes.length - 1] = '\n';
        Path file = directory.resolve("bytes");
        Files.write(file, bytes);
        Result produced = ok("produce", "t", "--file", file.toString());
        assertEquals("", produced.out());
        assertTrue(produced.err().contains("acknowledged (persisted)"), produced.err());
        assertArrayEquals(bytes, ok("consume", "t").outBytes());
    }

    @Test
    void anEmptyLineIsAnEmptyRecordAndNoInputIsNoRecord() {
        ok("topic", "create", "t");
        assertTrue(done(shell.runWith("", "produce", "t")).err().contains("0 records"));
        done(shell.runWith("\na\n\n", "produce", "t"));
        assertEquals("\na\n\n", ok("consume", "t").out());
    }

    @Test
    void everyAcknowledgementIsShownInJson() {
        ok("topic", "create", "t");
        assertEquals(
                """
                {"partition":0,"offset":0,"duplicate":false,"level":"persisted"}
                {"partition":0,"offset":1,"duplicate":false,"level":"persisted"}
                """,
                done(shell.runWith("a\nb\n", "produce", "t", "--format", "json"))
                        .out());
        ok("topic", "create", "m", "--ack", "memory");
        assertTrue(done(shell.runWith("a\n", "produce", "m", "--format", "json"))
                .out()
                .contains("\"level\":\"memory\""));
    }

    @Test
    void acknowledgementsAreShownWhileLinesKeepComing() {
        ok("topic", "create", "t");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        InputStream untilSomethingIsShown = new InputStream() {
            private int lines;

            @Override
            public int read() {
                throw new AssertionError("lines are read as blocks");
            }

            @Override
            public int read(byte[] into, int from, int length) {
                LockSupport.parkNanos(10_000_000);
                if (out.size() > 0 || ++lines > 500) {
                    return -1;
                }
                into[from] = 'a';
                into[from + 1] = '\n';
                return 2;
            }
        };
        Result result = done(shell.run(untilSomethingIsShown, out, out, "produce", "t", "--format", "json"));
        assertTrue(result.lines().size() < 500, result.lines().size() + " lines");
    }

    @Test
    void aRecordAsJsonHasEverythingThatItIs() {
        ok("topic", "create", "t");
        done(shell.runWith(
                "{\"k\":\"ä\",\"at\":\"2018-02-03\"}\n",
                "produce",
                "t",
                "--key-field",
                "k",
                "--event-time-field",
                "at",
                "--header",
                "a=1",
                "--header",
                "b=x=y",
                "--header",
                "a=2"));
        assertEquals(
                "{\"topic\":\"t\",\"partition\":0,\"offset\":0,\"key\":\"ä\","
                        + "\"value\":\"{\\\"k\\\":\\\"ä\\\",\\\"at\\\":\\\"2018-02-03\\\"}\","
                        + "\"headers\":{\"a\":[\"1\",\"2\"],\"b\":\"x=y\"},\"eventTime\":1517616000000,\"ingestionTime\":0}\n",
                ok("consume", "t", "--format", "json").out().replaceAll("(ingestionTime\":)\\d+", "$10"));
        String pretty = ok("consume", "t", "--format", "pretty").out();
        assertTrue(pretty.startsWith("t/0 @0  2018-02-03 00:00:00.000Z"), pretty);
    }

    @Test
    void bytesThatAreNotUtf8AreBase64InJson() {
        ok("topic", "create", "t");
        byte[] line = {(byte) 0xff, 0, 'a', '\n'};
        done(shell.runWith(new ByteArrayInputStream(line), "produce", "t"));
        String json = ok("consume", "t", "--format", "json").out();
        assertTrue(json.contains("\"key\":null,\"value\":{\"base64\":\"/wBh\"}"), json);
        assertTrue(ok("consume", "t", "--format", "pretty").out().contains("0xff0061"));
    }

    @Test
    void aLineWithoutItsFieldNamesTheLineAndWhatWasAcknowledgedBefore() {
        ok("topic", "create", "t");
        Result result =
                shell.runWith("{\"k\":1}\n{\"k\":2}\n{\"x\":3}\n{\"k\":4}\n", "produce", "t", "--key-field", "k");
        failed(1, "line 3 has no field k", result);
        assertTrue(result.err().contains("2 records acknowledged"), result.err());
        assertEquals(2, ok("consume", "t").lines().size());
        failed(1, "line 1 is not JSON", shell.runWith("{nonsense\n", "produce", "t", "--key-field", "k"));
    }

    @Test
    void aRecordThatIsTooLargeFailsAndTheOthersAreCounted() {
        ok("topic", "create", "t");
        Result result = shell.runWith("a\n" + "x".repeat(2 << 20) + "\n", "produce", "t");
        failed(1, "line 2", result);
        assertTrue(result.err().contains("1 record acknowledged"), result.err());
    }

    @Test
    void readingByOffsetIsHalfOpenAndNeedsOnePartition() {
        ok("topic", "create", "one");
        done(shell.runWith(numbers(0, 10), "produce", "one"));
        assertEquals(
                numbers(3, 6),
                ok("consume", "one", "--from", "offset:3", "--to", "offset:6").out());
        assertEquals(
                numbers(8, 10),
                ok("consume", "one", "--from", "offset:8", "--to", "offset:1000")
                        .out());
        assertEquals(numbers(0, 4), ok("consume", "one", "--max", "4").out());
        assertEquals("", ok("consume", "one", "--from", "end").out());
        assertEquals(
                numbers(8, 10),
                ok("consume", "one", "--from", "offset:8", "--to", "offset:1000", "--local-end")
                        .out());
        fails(1, "out of range", "consume", "one", "--from", "offset:11");
        ok("topic", "create", "three", "--partitions", "3");
        fails(2, "needs --partition", "consume", "three", "--from", "offset:0");
        fails(2, "needs --partition", "consume", "three", "--to", "offset:0");
        ok("consume", "three", "--partition", "1", "--from", "offset:0");
        fails(1, "--partition: 3", "consume", "three", "--partition", "3");
    }

    private static String numbers(int from, int until) {
        return IntStream.range(from, until).mapToObj(n -> n + "\n").collect(Collectors.joining());
    }

    @Test
    void replayByEventTimeFindsLateRecordsAndNothingElse() {
        ok("topic", "create", "t", "--partitions", "2");
        StringBuilder lines = new StringBuilder();
        SplittableRandom random = new SplittableRandom(5);
        List<Long> times = IntStream.range(0, 5_000)
                .mapToObj(n -> random.nextLong(1_000_000))
                .toList();
        times.forEach(time -> lines.append("{\"t\":").append(time).append("}\n"));
        done(shell.runWith(lines.toString(), "produce", "t", "--event-time-field", "t"));
        List<String> expected = times.stream()
                .filter(time -> time >= 250_000 && time < 500_000)
                .map(time -> "{\"t\":" + time + "}")
                .sorted()
                .toList();
        assertEquals(
                expected,
                ok("consume", "t", "--from", "event:250000", "--to", "event:500000").lines().stream()
                        .sorted()
                        .toList());
    }

    @Test
    void readingByIngestionTimeSplitsTheLogInTwo() {
        ok("topic", "create", "t");
        done(shell.runWith(numbers(0, 5), "produce", "t"));
        String json = ok("consume", "t", "--format", "json").lines().get(4);
        long last = Long.parseLong(json.replaceAll(".*\"ingestionTime\":(\\d+).*", "$1"));
        assertEquals("", ok("consume", "t", "--from", "ingested:" + (last + 1)).out());
        assertEquals(
                numbers(0, 5),
                ok("consume", "t", "--to", "ingested:" + (last + 1)).out());
        assertEquals(numbers(0, 5), ok("consume", "t", "--from", "ingested:0").out());
    }

    @Test
    void aGroupGoesOnWhereItStoppedAndCommitsOnlyWhatWasPrinted() {
        ok("topic", "create", "t");
        done(shell.runWith(numbers(0, 10), "produce", "t"));
        assertEquals(
                numbers(0, 3), ok("consume", "t", "--group", "g", "--max", "3").out());
        String described = ok("group", "describe", "g", "--format", "json").out();
        assertTrue(described.contains("\"position\":3,\"endOffset\":10,\"lagRecords\":7"), described);
        assertEquals(numbers(3, 10), ok("consume", "t", "--group", "g").out());
        assertEquals("", ok("consume", "t", "--group", "g").out());
        assertTrue(ok("group", "describe", "g").out().contains("nothing left to read"));
        assertTrue(ok("group", "list").out().contains("stream"));
        ok("group", "seek", "g", "--topic", "t", "--to", "offset:8");
        assertEquals(numbers(8, 10), ok("consume", "t", "--group", "g").out());
        ok("group", "delete", "g");
        fails(1, "g", "group", "describe", "g");
    }

    @Test
    void aReaderThatGoesAwayLosesNothingOfItsGroup() {
        ok("topic", "create", "t");
        done(shell.runWith(numbers(0, 200_000), "produce", "t"));
        OutputStream gone = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        Result result = shell.run(
                InputStream.nullInputStream(), gone, new ByteArrayOutputStream(), "consume", "t", "--group", "g");
        assertEquals(0, result.code());
        assertEquals("", result.err());
        assertEquals(
                numbers(0, 5), ok("consume", "t", "--group", "g", "--max", "5").out());
    }

    /** Ends when the shell is interrupted. */
    private CompletableFuture<Result> follow(PipedInputStream printed, String... topicAndMore) throws IOException {
        List<String> args = new ArrayList<>(List.of("consume", "--follow"));
        args.addAll(List.of(topicAndMore));
        PipedOutputStream out = new PipedOutputStream(printed);
        return CompletableFuture.supplyAsync(() -> {
            try (out) {
                return shell.run(
                        InputStream.nullInputStream(), out, new ByteArrayOutputStream(), args.toArray(String[]::new));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    @Test
    void followingGoesOnUntilItIsInterrupted() throws Exception {
        ok("topic", "create", "t");
        PipedInputStream printed = new PipedInputStream(1 << 16);
        CompletableFuture<Result> following = follow(printed, "t");
        for (int round = 0; round < 3; round++) {
            done(shell.runWith(numbers(round, round + 1), "produce", "t"));
            assertEquals(numbers(round, round + 1), new String(printed.readNBytes(2), StandardCharsets.UTF_8));
        }
        shell.interrupt();
        assertEquals(0, following.join().code());
    }

    @Test
    void aGroupWithAMemberIsDescribedWithItsAddressAndNotDeleted() throws Exception {
        ok("topic", "create", "t");
        done(shell.runWith("a\n", "produce", "t"));
        PipedInputStream printed = new PipedInputStream(1 << 16);
        CompletableFuture<Result> following = follow(printed, "t", "--group", "g");
        assertEquals("a\n", new String(printed.readNBytes(2), StandardCharsets.UTF_8));
        String described = ok("group", "describe", "g").out();
        assertTrue(described.contains("  127.0.0.1:"), described);
        String json = ok("group", "describe", "g", "--format", "json").out();
        assertTrue(json.contains("\"address\":\"127.0.0.1:"), json);
        assertEquals(
                "headwater group delete: group g has 1 member (expected: none)\n  stop its consumers first\n",
                fails(1, "", "group", "delete", "g").err());
        shell.interrupt();
        assertEquals(0, following.join().code());
    }

    @Test
    void aMissingGroupComesWithTheCommandThatListsGroups() {
        ok("topic", "create", "t");
        for (String[] command : new String[][] {
            {"group", "describe", "nope"},
            {"group", "delete", "nope"},
            {"group", "seek", "nope", "--topic", "t", "--to", "end"}
        }) {
            Result result = fails(1, "'nope' does not exist", command);
            assertTrue(result.err().contains("headwater group list"), result.err());
        }
    }

    @Test
    void statusSaysWhatTheBrokerIsHasAndDoes() {
        ok("topic", "create", "t", "--partitions", "5");
        String status = ok("status").out();
        assertTrue(status.contains("1 topic, 5 partitions"), status);
        assertTrue(ok("status", "--format", "json").out().contains("\"health\":\"ok\""), status);
    }

    @Test
    void statusCountsLogsThatNobodyHasUsedSinceTheStart() throws Exception {
        ok("topic", "create", "t");
        done(shell.runWith(("x".repeat(100_000) + "\n").repeat(5), "produce", "t"));
        broker.close();
        broker = Broker.start(BrokerConfig.onFreePorts(directory.resolve("data")));
        shell = new Shell("--server", "127.0.0.1:" + broker.port());
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (!ok("status", "--format", "json").out().matches("(?s).*\"logBytes\":50\\d{4},.*")) {
            assertTrue(System.nanoTime() < deadline, ok("status").out());
        }
    }

    @Test
    void verifyingReadsTheMetadataToo() throws Exception {
        ok("topic", "create", "t");
        done(shell.runWith("a\n", "produce", "t"));
        broker.close();
        Shell offline = new Shell();
        String data = directory.resolve("data").toString();
        assertTrue(done(offline.run("log", "verify", data)).err().startsWith("intact"));

        Path metadata = directory.resolve("data").resolve("metadata");
        byte[] good = Files.readAllBytes(metadata);
        int used = good.length;
        while (good[used - 1] == 0) {
            used--;
        }
        SplittableRandom random = new SplittableRandom(7);
        // The last record only protects the one before it: it cannot be told from what a crash leaves.
        for (int position : new int[] {0, 5, random.nextInt(used / 2), used / 2}) {
            byte[] bad = good.clone();
            bad[position] ^= (byte) (1 << random.nextInt(8));
            Files.write(metadata, bad);
            Result result = failed(1, "DAMAGED", offline.run("log", "verify", data));
            assertTrue(result.out().startsWith("damage  " + metadata + " @"), position + ": " + result.out());
        }
        Files.delete(metadata);
        failed(1, "DAMAGED", offline.run("log", "verify", data));
        Files.write(metadata, new byte[0]);
        failed(1, "DAMAGED", offline.run("log", "verify", data));
        Files.write(metadata, good);
        assertEquals("", done(offline.run("log", "verify", data)).out());
    }

    @Test
    void aBrokerThatIsNotThereIsSaidSo() {
        Shell elsewhere = new Shell("--server", "127.0.0.1:1", "--timeout", "2s");
        for (String[] command : new String[][] {{"status"}, {"topic", "list"}, {"consume", "t"}, {"produce", "t"}}) {
            Result result = failed(1, "127.0.0.1:1", elsewhere.run(command));
            assertTrue(result.err().contains("headwater serve"), result.err());
        }
    }

    @Test
    void aLoadIsMeasuredAndReported() {
        Result result = ok("bench", "produce", "--records", "1000", "--record-bytes", "100", "--format", "json");
        assertTrue(result.out().contains("\"records\":1000,\"failed\":0"), result.out());
        assertTrue(ok("bench", "consume", "--records", "1000").out().contains("1,000 in"));
    }

    @Test
    void erasesForGoodAndSaysWhat() {
        ok("topic", "create", "people", "--partitions", "2", "--compact");
        assertTrue(ok("topic", "describe", "people").out().contains("compacted by key"));
        done(shell.runWith("hello\nagain\n", "produce", "people", "--key", "anna"));
        done(shell.runWith("stays\n", "produce", "people", "--key", "bert"));

        String report = ok("topic", "erase", "people", "--key", "anna").err();

        assertTrue(report.contains("erased 2 records"), report);
        assertEquals("stays\n", ok("consume", "people").out());
        String none = ok("topic", "erase", "people", "--record", "0:99", "--format", "json")
                .out();
        assertTrue(none.startsWith("{\"records\":0"), none);
        fails(2, "--key or --record", "topic", "erase", "people");
        fails(2, "partition: 5 (expected: 0 to 1", "topic", "erase", "people", "--record", "5:0");
        fails(1, "headwater topic list", "topic", "erase", "nope", "--record", "0:0");
    }
}
