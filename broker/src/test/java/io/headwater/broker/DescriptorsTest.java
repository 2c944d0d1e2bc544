package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Hello;
import io.headwater.protocol.wire.ProduceResult;
import io.headwater.protocol.wire.Topic;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** More clients than the process has file descriptors. */
class DescriptorsTest {
    private static final int DESCRIPTORS = 250;
    private static final int EXIT_BROKEN_INVARIANT = 70;

    @TempDir
    Path directory;

    private final List<RawClient> crowd = new ArrayList<>();

    @AfterEach
    void disperse() throws IOException {
        for (RawClient one : crowd) {
            one.close();
        }
        crowd.clear();
    }

    @Test
    void runningOutOfDescriptorsHarmsNothingAndPasses() throws Exception {
        try (BrokerProcess broker =
                        BrokerProcess.startWithDescriptors(directory.resolve("data"), DESCRIPTORS, inJars());
                RawClient client = RawClient.connected(broker.port())) {
            Topic topic = client.createTopic("t", 3);
            long open = topic.getPartitions(0).getPartitionId();
            long closed = topic.getPartitions(1).getPartitionId();
            assertEquals(0, client.produce(open, Batches.of("before")).getBaseOffset());

            useUpDescriptors(broker.port());
            assertEquals(1, client.produce(open, Batches.of("during")).getBaseOffset());
            ProduceResult refused = client.produce(closed, Batches.of("no file"));
            assertTrue(refused.getError().getRetriable(), () -> "" + refused);
            assertFalse(refused.getError().getUnknownOutcome(), () -> "" + refused);

            disperse();
            try (RawClient next = RawClient.connected(broker.port())) {
                assertEquals(2, next.produce(open, Batches.of("after")).getBaseOffset());
                assertEquals(0, next.produce(closed, Batches.of("after")).getBaseOffset());
                long third = topic.getPartitions(2).getPartitionId();
                assertEquals(0, next.produce(third, Batches.of("after")).getBaseOffset());
            }
        }
    }

    /** From directories each class needs a descriptor when it is first used, those of the logging library too. */
    @Test
    void aBrokerThatCannotLoadAClassEndsAndLeavesNobodyWaiting() throws Exception {
        try (BrokerProcess broker = BrokerProcess.startWithDescriptors(
                        directory.resolve("data"), DESCRIPTORS, System.getProperty("java.class.path"));
                RawClient client = RawClient.connected(broker.port())) {
            Topic topic = client.createTopic("t", 2);
            client.produce(topic.getPartitions(0).getPartitionId(), Batches.of("before"));

            useUpDescriptors(broker.port());
            long closed = topic.getPartitions(1).getPartitionId();
            assertThrows(IOException.class, () -> client.produce(closed, Batches.of("no class")));
            assertEquals(EXIT_BROKEN_INVARIANT, broker.awaitExit());
        }
    }

    private void useUpDescriptors(int port) throws IOException {
        while (crowd.size() < DESCRIPTORS && isServed(port)) {
            // One more.
        }
        assertTrue(crowd.size() < DESCRIPTORS, "never ran out");
    }

    /** Adds a connection to the crowd; false if nobody takes it. */
    private boolean isServed(int port) throws IOException {
        RawClient one = new RawClient(port);
        crowd.add(one);
        one.socket().setSoTimeout(2000);
        try {
            one.call(
                    FrameType.HELLO,
                    Hello.newBuilder().setMinVersion(1).setMaxVersion(1).build());
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        }
    }

    /** The class path as users have it: a jar stays open, so that loading a class needs no descriptor. */
    private String inJars() throws IOException {
        List<String> jars = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
            Path path = Path.of(entry);
            jars.add(Files.isDirectory(path) ? jar(path, "classes-" + jars.size() + ".jar") : entry);
        }
        return String.join(File.pathSeparator, jars);
    }

    private String jar(Path classes, String name) throws IOException {
        Path jar = directory.resolve(name);
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(out);
                Stream<Path> all = Files.walk(classes)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                entries.putNextEntry(new ZipEntry(classes.relativize(file).toString()));
                Files.copy(file, entries);
                entries.closeEntry();
            }
        }
        return jar.toString();
    }
}
