package io.headwater.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What only a process of its own can show: signals, pipes, exit codes, a directory and a port that are taken. */
@Timeout(120) // where SIGINT is ignored (nohup, a shell's background), an interrupted command never ends
class ProcessTest {
    @TempDir
    Path directory;

    private Process start(String... args) throws IOException {
        return BrokerProcess.java(args)
                .redirectError(directory.resolve("err").toFile())
                .start();
    }

    private String err() throws IOException {
        return Files.readString(directory.resolve("err"));
    }

    private static void signal(String name, long pid) throws Exception {
        assertEquals(
                0,
                new ProcessBuilder("bash", "-c", "kill -" + name + " " + pid)
                        .start()
                        .waitFor());
    }

    private BrokerProcess broker() throws IOException {
        return BrokerProcess.start(directory.resolve("data"), "127.0.0.1:0");
    }

    private static void fill(BrokerProcess broker, int records) {
        Shell shell = new Shell("--server", broker.server());
        assertEquals(0, shell.run("topic", "create", "t").code());
        String lines = IntStream.range(0, records).mapToObj(n -> n + "\n").collect(Collectors.joining());
        assertEquals(0, shell.runWith(lines, "produce", "t").code());
    }

    @Test
    void anInterruptedConsumerEndsWith130AndHasCommittedWhatItPrinted() throws Exception {
        try (BrokerProcess broker = broker()) {
            fill(broker, 3);
            Process consumer = start("consume", "t", "--follow", "--group", "g", "--server", broker.server());
            assertEquals("0\n1\n2\n", new String(consumer.getInputStream().readNBytes(6), StandardCharsets.UTF_8));
            signal("INT", consumer.pid());
            assertEquals(130, consumer.waitFor(), err());
            assertEquals("3 records", err().replaceAll(" in .*\n", ""));
            assertEquals(
                    "",
                    new Shell("--server", broker.server())
                            .run("consume", "t", "--group", "g")
                            .out());
        }
    }

    @Test
    void aReaderThatClosesThePipeEndsTheConsumerQuietly() throws Exception {
        try (BrokerProcess broker = broker()) {
            fill(broker, 200_000);
            for (String format : List.of("value", "json", "pretty")) {
                Process consumer = start("consume", "t", "--format", format, "--server", broker.server());
                try (InputStream out = consumer.getInputStream()) {
                    assertTrue(out.read() >= 0);
                }
                assertEquals(0, consumer.waitFor(), err());
                assertEquals("", err());
            }
        }
    }

    @Test
    void aBrokerThatIsToldToStopKeepsEverythingAndSaysNothing() throws Exception {
        try (BrokerProcess broker = broker()) {
            fill(broker, 1000);
            assertEquals(143, broker.stop());
        }
        try (BrokerProcess broker = broker()) {
            Shell shell = new Shell("--server", broker.server());
            assertEquals(1000, shell.run("consume", "t").lines().size());
        }
    }

    @Test
    void aSecondBrokerOnADirectoryIsRefusedAndTheFirstGoesOnUntilItIsKilled() throws Exception {
        try (BrokerProcess first = broker()) {
            fill(first, 3);
            Process second = start("serve", "--data", directory.resolve("data").toString(), "--listen", "127.0.0.1:0");
            assertEquals(1, second.waitFor());
            assertTrue(err().contains(directory.resolve("data").toString()), err());
            assertTrue(!err().contains("\tat "), err());

            Shell shell = new Shell("--server", first.server());
            assertEquals(0, shell.runWith("3\n", "produce", "t").code());
            assertEquals(List.of("0", "1", "2", "3"), shell.run("consume", "t").lines());
            first.kill();
        }
        try (BrokerProcess again = broker()) {
            assertEquals(
                    List.of("0", "1", "2", "3"),
                    new Shell("--server", again.server()).run("consume", "t").lines());
        }
    }

    @Test
    void aPortThatIsTakenIsNamedWithWhatToDo() throws Exception {
        try (BrokerProcess broker = broker()) {
            Process second = start(
                    "serve",
                    "--data",
                    directory.resolve("other").toString(),
                    "--listen",
                    broker.server(),
                    "--admin",
                    "127.0.0.1:0");
            assertEquals(1, second.waitFor());
            assertTrue(err().contains(broker.server()) && err().contains("--listen"), err());
            assertTrue(!err().contains("\tat "), err());
        }
    }

    @Test
    void anAddressBeyondLoopbackIsRefusedWithoutInsecure() throws Exception {
        Process broker = start("serve", "--data", directory.resolve("data").toString(), "--listen", "0.0.0.0:0");
        assertEquals(2, broker.waitFor());
        assertTrue(err().contains("--insecure"), err());
    }

    @Test
    void aStoppedBrokersDirectoryIsVerifiedAndDumpedAndDamageIsFound() throws Exception {
        Path data = directory.resolve("data");
        Shell shell = new Shell();
        try (BrokerProcess broker = broker()) {
            fill(broker, 1000);
            assertEquals(1, shell.run("log", "verify", data.toString()).code());
        }
        Shell.Result intact = shell.run("log", "verify", data.toString());
        assertEquals(0, intact.code(), intact.out() + intact.err());
        assertTrue(intact.err().startsWith("intact: 1 partition, 1 segment, 1,000 records"), intact.err());

        Path segment;
        try (var files = Files.walk(data.resolve("partitions"))) {
            segment = files.filter(file -> file.toString().endsWith(".log"))
                    .findFirst()
                    .orElseThrow();
        }
        Shell.Result dump = shell.run("log", "dump", segment.toString(), "--format", "json");
        assertTrue(dump.out().contains("\"kind\":\"DATA\""), dump.out() + dump.err());
        assertTrue(shell.run("log", "dump", segment.toString()).out().contains("..1000"), dump.out());

        byte[] bytes = Files.readAllBytes(segment);
        bytes[600] ^= 1;
        Files.write(segment, bytes);
        Shell.Result damaged = shell.run("log", "verify", data.toString());
        assertEquals(1, damaged.code(), damaged.out());
        assertTrue(damaged.out().startsWith("damage  " + segment), damaged.out());
        assertEquals(1, shell.run("log", "verify", directory.toString()).code());
    }
}
