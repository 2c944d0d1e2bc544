package io.headwater.broker.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.consensus.NoSegment;
import io.headwater.broker.metadata.MetadataCodec;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.peer.wire.PeerMessage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What members of a cluster do together, and when some of them are gone. */
@Timeout(60)
class ClusterTest extends ClusterWorld {
    @Test
    void oneBrokerFoundsAClusterAndComesBackToIt() {
        TestBroker first = founded();
        assertEquals(1, first.id());
        took(first, create("a", 2));
        String cluster = first.metadata().image().clusterId();
        PartitionInfo before = partition(first, "a", 0);
        first.kill();

        TestBroker back = again(first).start();
        until(back::isStarted);
        assertEquals(cluster, back.metadata().image().clusterId());
        PartitionInfo now = partition(back, "a", 0);
        assertTrue(now.epoch() > before.epoch(), now + " after " + before);
        assertEquals(
                back.node().incarnation(), Objects.requireNonNull(now.leader()).incarnation());
    }

    @Test
    void brokersJoinAndThreeOfThemVote() {
        founded();
        TestBroker second = joined(2);
        assertEquals(2, second.id());
        assertEquals(List.of(brokers.get(0).voter()), brokers.get(0).metadata().voters());
        joined(3);
        until(() -> voters() == 3);
        TestBroker fourth = joined(4);
        assertEquals(4, fourth.id());
        for (TestBroker each : brokers) {
            took(each, create("from-" + each.id(), 1));
            assertInstanceOf(Outcome.Refused.class, agreed(each, create("from-" + each.id(), 1)));
        }
        for (TestBroker each : brokers) {
            untilAllKnow("from-" + each.id());
            assertFalse(node(each, 4).fenced());
            assertEquals(controller().id(), each.metadata().controllerNode());
        }
        assertEquals(List.of(), fourth.metadata().voters());
    }

    @Test
    void theOthersGoOnWithoutTheLeadingVoterAndItComesBack() {
        cluster(3);
        took(brokers.get(0), create("before", 6));
        TestBroker leader = controller();
        CompletableFuture<Outcome> lost = leader.propose(create("lost", 1));
        int gone = leader.id();
        leader.kill();
        until(lost::isDone);
        assertTrue(lost.isCompletedExceptionally());

        brokers.remove(leader);
        took(brokers.get(0), create("after", 1));
        until(() -> node(brokers.get(0), gone).fenced());
        until(() -> allLedByOthers(brokers.get(0), "before", gone));

        TestBroker back = broker(leader.place.port()).start();
        until(back::isStarted);
        assertEquals(gone, back.id());
        untilAllKnow("after");
        until(() -> !node(brokers.get(0), gone).fenced());
        took(back, create("again", 1));
    }

    /** Its disk is full when the lead changes, and has room later. */
    @Test
    void aVoterWhoseLogCannotBeWrittenIsStartedAgain() throws IOException {
        cluster(3);
        took(brokers.get(0), create("before", 1));
        untilAllKnow("before");
        TestBroker leader = controller();
        TestBroker broken =
                brokers.stream().filter(broker -> broker != leader).findFirst().orElseThrow();
        try (NoSegment none = NoSegment.in(broken.directory)) {
            leader.kill();
            brokers.remove(leader);
            until(() -> broken.metadata().voters().isEmpty());
        }
        TestBroker back = broker(leader.place.port()).start();
        until(back::isStarted);
        took(back, create("after", 1));
        untilAllKnow("after");
        until(() -> broken.metadata().voters().size() == 3);
        assertNull(broken.fatal.get());
    }

    @Test
    void aSilentNodeIsFencedAndWhatItLedIsLedByOthersUntilItHasBeenThereForAWhile() {
        cluster(3);
        took(brokers.get(0), create("a", 9));
        untilAllKnow("a");
        TestBroker leader = controller();
        TestBroker silent =
                brokers.stream().filter(broker -> broker != leader).findFirst().orElseThrow();
        long incarnation = silent.node().incarnation();
        assertFalse(allLedByOthers(leader, "a", silent.id()));
        silent.cut();
        until(() -> node(leader, silent.id()).fenced());
        until(() -> allLedByOthers(leader, "a", silent.id()));

        silent.mend();
        until(() -> !node(leader, silent.id()).fenced());
        assertEquals(incarnation, node(leader, silent.id()).incarnation());
        until(() -> allLedByThePreferred(silent, "a"));
        assertNull(silent.fatal.get());
    }

    @Test
    void eachOfThreeIsRestartedInTurn() {
        cluster(3);
        took(brokers.get(0), create("a", 3));
        for (int port = 1; port <= 3; port++) {
            int now = port;
            TestBroker old = brokers.stream()
                    .filter(broker -> broker.place.port() == now)
                    .findFirst()
                    .orElseThrow();
            long incarnation = old.node().incarnation();
            old.kill();
            TestBroker back = again(old).start();
            until(back::isStarted);
            assertNotEquals(incarnation, back.node().incarnation());
            untilAllKnow("a");
            took(back, create("by-" + port, 1));
        }
        until(() -> brokers.stream()
                .allMatch(broker -> broker.metadata().image().nodes().stream().noneMatch(NodeInfo::fenced)));
        until(() -> Objects.requireNonNull(brokers.get(0).metadata().image().topic("a")).partitions().stream()
                .allMatch(each -> each.leader() != null));
    }

    @Test
    void theSeatOfAVoterThatIsLostForLongGoesToAnotherNode() {
        ClusterSettings.Timing impatient = new ClusterSettings.Timing(100, 1_500, 500, 500, 8_000, 20_000);
        for (int port = 1; port <= 4; port++) {
            TestBroker broker =
                    port == 1 ? broker(1).start(impatient) : broker(port).start(impatient, 1);
            until(broker::isStarted);
        }
        until(() -> voters() == 3);
        TestBroker leader = controller();
        TestBroker lost = brokers.stream()
                .filter(broker ->
                        broker != leader && !broker.metadata().voters().isEmpty())
                .findFirst()
                .orElseThrow();
        TestBroker fourth = brokers.stream()
                .filter(broker -> broker.metadata().voters().isEmpty())
                .findFirst()
                .orElseThrow();
        String name = lost.voter();
        lost.kill();
        brokers.remove(lost);
        until(() -> fourth.metadata().voters().contains(fourth.voter()));
        until(() -> !leader.metadata().voters().contains(name));
        took(fourth, create("a", 1));

        TestBroker back = broker(lost.place.port()).start(impatient);
        until(back::isStarted);
        took(back, create("b", 1));
        untilAllKnow("b");
        assertFalse(controller().metadata().voters().contains(name));
    }

    @Test
    void aBrokerThatHoldsOtherMetadataIsNamedByTheController() {
        cluster(4);
        TestBroker fourth = brokers.get(3);
        net.hears(fourth.place, ClusterTest::laterThanItWas);
        took(brokers.get(0), create("a", 1));
        untilAllKnow("a");
        OperatorDesk desk = Objects.requireNonNull(controller().metadata().operators());
        until(() -> !desk.differing().isEmpty());
        assertEquals(Set.of(fourth.id()), desk.differing());
    }

    private static PeerMessage laterThanItWas(PeerMessage answer) {
        PeerMessage.Builder other = answer.toBuilder();
        if (answer.hasMetadataNews()) {
            other.getMetadataNewsBuilder().getCommandsBuilderList().stream()
                    .filter(Command.Builder::hasCreateTopic)
                    .forEach(command -> command.setProposedAtMs(command.getProposedAtMs() + 1));
        }
        return other.build();
    }

    @Test
    void fiveBrokersAgreeThroughThreeVoters() {
        cluster(5);
        List<CompletableFuture<Outcome>> all = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            for (TestBroker each : brokers) {
                all.add(each.propose(create("topic-" + each.id() + "-" + i, 1)));
            }
        }
        until(() -> all.stream().allMatch(CompletableFuture::isDone));
        all.forEach(each -> assertInstanceOf(Outcome.Committed.class, each.join()));
        untilAllKnow("topic-5-39");
        long index = brokers.get(0).metadata().image().appliedIndex();
        until(() -> brokers.stream().allMatch(each -> each.metadata().image().appliedIndex() >= index));
        for (TestBroker each : brokers) {
            assertEquals(
                    MetadataCodec.snapshot(brokers.get(0).metadata().image()),
                    MetadataCodec.snapshot(each.metadata().image()));
        }
    }
}
