package io.headwater.broker.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.HostPort;
import io.headwater.broker.consensus.RatisVoters;
import io.headwater.broker.metadata.LocalMetadata;
import io.headwater.broker.metadata.MetadataQuorum;
import io.headwater.storage.Disk;
import io.headwater.storage.EntryAudit;
import io.headwater.storage.FileSystemDisk;
import io.headwater.storage.LogVerifier;
import io.headwater.storage.LogVerifier.Finding;
import io.headwater.storage.Marks;
import io.headwater.storage.testing.FaultyDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a member starts, and when it does not. */
@Timeout(60)
class ClusterNodeTest extends ClusterWorld {
    private static final ClusterSettings.Timing SHORT =
            new ClusterSettings.Timing(100, 1_500, 600_000, 500, 8_000, 1_200);

    /** Why the start of the last broker failed. */
    private String refusal(TestBroker broker) {
        until(() -> broker.starting().isDone());
        CompletionException failure =
                assertThrows(CompletionException.class, () -> broker.starting().join());
        assertInstanceOf(IOException.class, failure.getCause());
        return failure.getCause().getMessage();
    }

    private static void says(String expected, String message) {
        assertTrue(message.contains(expected), message);
    }

    private Path directoryOf(int port) {
        return directory.resolve("broker-" + port);
    }

    /** What a broker that stood alone has written, with a topic; returns its cluster's id. */
    private String standalone(int port, String topic) throws IOException {
        return standalone(port, topic, 0);
    }

    private String standalone(int port, String topic, int others) throws IOException {
        Disk disk = new FileSystemDisk();
        Files.createDirectories(directoryOf(port));
        try (Marks marks = Marks.create(disk, directoryOf(port), UUID.randomUUID());
                MetadataQuorum alone =
                        LocalMetadata.start(disk, directoryOf(port), marks, UUID::randomUUID, () -> 1_000)) {
            assertNotNull(alone.propose(create(topic, 3)));
            for (int i = 0; i < others; i++) {
                assertNotNull(alone.propose(create("large-" + i, 10_000)));
            }
            alone.doWork();
            return alone.image().clusterId();
        }
    }

    @Test
    void aStandaloneDirectoryFoundsAClusterThatHasWhatItHad() throws IOException {
        String id = standalone(1, "old");
        TestBroker first = founded();
        assertEquals(id, first.metadata().image().clusterId());
        assertEquals(1, partition(first, "old", 0).leader().nodeId());
        int epoch = partition(first, "old", 0).epoch();
        assertFalse(Files.exists(directoryOf(1).resolve("metadata")));

        TestBroker second = joined(2);
        untilAllKnow("old");
        took(second, create("new", 1));
        first.kill();
        TestBroker back = again(first).start();
        until(back::isStarted);
        assertTrue(partition(back, "old", 0).epoch() > epoch);
        assertNotNull(back.metadata().image().topic("new"));
    }

    /** Who asks to be let in while it is founded hears of it when it is. */
    @Test
    void nobodyJoinsBeforeTheClusterIsFounded() throws IOException {
        String id = standalone(1, "old", 12); // so much that it takes many commands
        TestBroker second = broker(2).start(1);
        TestBroker third = broker(3).start(1);
        TestBroker first = broker(1).start();
        until(() -> first.isStarted() && second.isStarted() && third.isStarted());
        untilAllKnow("old");
        assertEquals(1, first.id());
        assertEquals(Set.of(2, 3), Set.of(second.id(), third.id()));
        assertEquals(id, third.metadata().image().clusterId());
    }

    @Test
    void aStandaloneDirectoryJoinsNoCluster() throws IOException {
        founded();
        standalone(2, "old");
        says("of a standalone broker", refusal(broker(2).start(1)));
        assertTrue(Files.exists(directoryOf(2).resolve("metadata")));
    }

    @Test
    void damagedMetadataOfAStandaloneBrokerFoundNothing() throws IOException {
        standalone(1, "old");
        Path file = directoryOf(1).resolve("metadata");
        byte[] bytes = Files.readAllBytes(file);
        bytes[60] ^= 1;
        Files.write(file, bytes);
        says("metadata", refusal(broker(1).start()));
        assertEquals(-1, Arrays.mismatch(bytes, Files.readAllBytes(file)));
    }

    /** Until the last step it may go on alone, too, and from the last step on it may not. */
    @Test
    void aFoundingFromAStandaloneDirectoryMayBeCutShortAnywhere() throws IOException {
        boolean died = true;
        // Its first steps write nothing that anybody would go on with; the last ones are where the one life ends.
        for (int steps = 0; died; steps += steps < 20 ? 10 : 1) {
            int port = 10 + steps;
            String id = standalone(port, "old");
            FaultyDisk disk = new FaultyDisk(new FileSystemDisk());
            TestBroker first = new TestBroker(net, port, directoryOf(port), disk);
            brokers.add(first);
            disk.dieAfter(steps);
            first.start();
            until(() -> first.starting().isDone());
            died = disk.died();
            assertEquals(died, first.starting().isCompletedExceptionally());
            disk.heal();
            brokers.remove(first);
            first.close();
            boolean member = isMember(port);
            if (!member) {
                goesOnAlone(port);
            }

            TestBroker second = new TestBroker(net, 100 + port, directoryOf(port));
            brokers.add(second);
            second.start();
            until(second::isStarted);
            assertEquals(id, second.metadata().image().clusterId());
            assertEquals(
                    3,
                    Objects.requireNonNull(second.metadata().image().topic("old"))
                            .partitions()
                            .size());
            assertTrue(isMember(port));
            second.kill();
            brokers.remove(second);
        }
    }

    private void goesOnAlone(int port) throws IOException {
        Disk disk = new FileSystemDisk();
        try (Marks marks = Marks.open(disk, directoryOf(port));
                MetadataQuorum alone =
                        LocalMetadata.start(disk, directoryOf(port), marks, UUID::randomUUID, () -> 1_000)) {
            assertNotNull(alone.image().topic("old"));
        }
    }

    private boolean isMember(int port) {
        try {
            ClusterNode.refuseMember(new FileSystemDisk(), directoryOf(port));
            return false;
        } catch (IOException e) {
            says("with --peer-listen", e.getMessage());
            return true;
        }
    }

    @Test
    void aDirectoryThatForgotItsClusterFoundsNoSecondOne() throws IOException {
        TestBroker first = founded();
        first.kill();
        Files.delete(directoryOf(1).resolve(NodeFile.FILE_NAME));
        says(
                "missing, although this data directory has been in use",
                refusal(again(first).start()));
    }

    @Test
    void aDamagedFileIsNotGuessedAt() throws IOException {
        TestBroker first = founded();
        first.kill();
        Path file = directoryOf(1).resolve(NodeFile.FILE_NAME);
        byte[] bytes = Files.readAllBytes(file);
        bytes[100] ^= 1;
        Files.write(file, bytes);
        says(NodeFile.FILE_NAME, refusal(again(first).start()));
        List<Finding> findings = new ArrayList<>();
        assertFalse(intact(findings));
        says(NodeFile.FILE_NAME, findings.toString());
    }

    private boolean intact(List<Finding> findings) throws IOException {
        return LogVerifier.verify(
                        new FileSystemDisk(),
                        directoryOf(1),
                        List.of(ClusterNode.verifiable()),
                        EntryAudit.NONE,
                        findings::add)
                .intact();
    }

    @Test
    void aMembersDirectoryCanBeVerified() throws IOException {
        TestBroker first = founded();
        took(first, create("a", 3));
        first.kill();
        brokers.remove(first);
        List<Finding> findings = new ArrayList<>();
        assertTrue(intact(findings), findings::toString);
    }

    @Test
    void aVoterThatHasForgottenItsVotesDoesNotStart() throws IOException {
        TestBroker first = founded();
        first.kill();
        try (Stream<Path> all = Files.walk(directoryOf(1).resolve(RatisVoters.DIRECTORY))) {
            for (Path each : all.filter(path -> path.endsWith("raft-meta")).toList()) {
                Files.delete(each);
            }
        }
        says("is a voter of the cluster's metadata", refusal(again(first).start()));
    }

    @Test
    void aFoundingThatWasCutShortBeginsAnew() throws IOException {
        Files.createDirectories(directoryOf(1).resolve(RatisVoters.DIRECTORY).resolve("half"));
        TestBroker first = founded();
        took(first, create("a", 1));
    }

    @Test
    void whoIsLetInByNobodySaysWhomItAsked() {
        says("test:7: test:7 refuses", refusal(broker(1).start(SHORT, 7)));
        TestBroker later = founded();
        assertEquals(1, later.id());
    }

    @Test
    void aMemberThatIsNoVoterKnowsWhoItIsAndWaitsForTheVoters() {
        TestBroker first = founded();
        TestBroker second = joined(2);
        took(second, create("a", 1));
        String cluster = second.metadata().image().clusterId();
        first.kill();
        second.kill();
        TestBroker alone = again(second).start(SHORT);
        String why = refusal(alone);
        says("cluster " + cluster, why);
        says("its node 2", why);
        says("node 1 at test:1", why);

        TestBroker waiting = again(alone).start();
        TestBroker back = again(first).start();
        until(() -> waiting.isStarted() && back.isStarted());
        assertEquals(2, waiting.id());
        assertNotNull(waiting.metadata().image().topic("a"));
    }

    @Test
    void aMemberDoesNotCrossOverToAnotherClusterAtAnAddressThatItKnows() {
        TestBroker first = founded();
        TestBroker second = joined(2);
        second.kill();
        first.kill();
        brokers.removeAll(List.of(first, second));
        TestBroker other = new TestBroker(net, 1, directory.resolve("other"));
        brokers.add(other);
        other.start();
        until(other::isStarted);
        says("another cluster", refusal(broker(2).start(SHORT, 1)));
        assertEquals(1, other.metadata().image().nodes().size());
    }

    @Test
    void aCopyOfADirectoryDoesNotStartBesideItsOriginal() throws IOException {
        TestBroker first = founded();
        TestBroker original = joined(2);
        until(() -> original.metadata().controllerNode() == 1);
        Path place = directory.resolve("copy");
        copy(directoryOf(2), place);
        TestBroker copy = new TestBroker(net, 5, place);
        brokers.add(copy);
        copy.start(SHORT);
        says("is a copy", refusal(copy));
        assertFalse(node(first, 2).fenced());
        assertEquals(
                new HostPort("test", 2).toString(), node(first, 2).details().peerEndpoint());
        assertNull(original.fatal.get());

        // Out of sight it is taken for dead; whoever of the two is there then is the node.
        original.cut();
        until(() -> node(first, 2).fenced());
        brokers.remove(copy);
        TestBroker instead = new TestBroker(net, 5, place);
        brokers.add(instead);
        instead.start();
        until(instead::isStarted);
        original.mend();
        until(() -> original.fatal.get() != null);
        says("has registered in its place", original.fatal.get().getMessage());
        assertNull(instead.fatal.get());
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path each : all.toList()) {
                Files.copy(each, to.resolve(from.relativize(each)));
            }
        }
    }
}
