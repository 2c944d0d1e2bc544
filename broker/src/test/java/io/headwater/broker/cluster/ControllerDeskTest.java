package io.headwater.broker.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.HostPort;
import io.headwater.broker.metadata.NodeInfo;
import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.CreateTopic;
import io.headwater.broker.metadata.wire.TopicPolicy;
import io.headwater.broker.peer.ControllerCodec;
import io.headwater.broker.peer.Peers;
import io.headwater.broker.peer.wire.FromController;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.broker.peer.wire.SealRequest;
import io.headwater.broker.replica.ControllerMessage;
import io.headwater.broker.replica.ControllerSettings;
import io.headwater.broker.replica.ReplicaId;
import io.headwater.protocol.wire.AckLevel;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** The controller on a picture, with a clock of the test's own. */
class ControllerDeskTest {
    private static final int PARTITIONS = 1_800;

    private record Sent(int node, FromController message) {}

    private final TestPicture picture = new TestPicture(3);
    private final List<Command> proposed = new ArrayList<>();
    private final List<Sent> sent = new ArrayList<>();
    private long nowNs;
    private final ControllerDesk desk;

    ControllerDeskTest() {
        picture.took(Command.newBuilder()
                .setCreateTopic(CreateTopic.newBuilder()
                        .setName("a")
                        .setPartitions(PARTITIONS)
                        .setPolicy(TopicPolicy.newBuilder()
                                .setRetentionMs(-1)
                                .setRetentionBytes(-1)
                                .setAckLevel(AckLevel.ACK_PERSISTED_VALUE))));
        desk = new ControllerDesk(
                ControllerSettings.DEFAULTS,
                new Keeping(),
                new Handback(10_000, nowNs),
                command -> proposed.add(command.build()),
                picture.image,
                nowNs);
    }

    private final class Keeping implements Peers {
        @Override
        public void know(int node, HostPort endpoint) {}

        @Override
        public void forget(int node) {}

        @Override
        public void send(int node, PeerMessage message, List<ByteBuffer> attachment) {
            sent.add(new Sent(node, message.getFromController()));
        }

        @Override
        public CompletionStage<PeerMessage> ask(
                int node, PeerMessage question, List<ByteBuffer> attachment, long timeoutMs) {
            throw new AssertionError("nobody is asked");
        }

        @Override
        public CompletionStage<PeerMessage> ask(HostPort endpoint, PeerMessage question, long timeoutMs) {
            throw new AssertionError("nobody is asked");
        }
    }

    private void turn(long ms) {
        nowNs += TimeUnit.MILLISECONDS.toNanos(ms);
        desk.doWork(nowNs);
    }

    /** What was proposed takes effect, and the desk sees it. Returns how many commands that were. */
    private int agree() {
        int count = proposed.size();
        proposed.forEach(command -> picture.took(command.toBuilder()));
        proposed.clear();
        desk.onImage(picture.image, nowNs);
        return count;
    }

    private long ledBy(int node) {
        return partitions().stream()
                .filter(each -> each.leader() != null && each.leader().nodeId() == node)
                .count();
    }

    private List<PartitionInfo> partitions() {
        return Objects.requireNonNull(picture.image.topic("a")).partitions();
    }

    /** A node's replicas answer what they were asked. */
    private void report(int node, long endIndex) {
        List<ControllerCodec.Received> reports = new ArrayList<>();
        ReplicaId replica = new ReplicaId(node, UUID.fromString(TestPicture.directory(node)));
        long incarnation = picture.node(node).incarnation();
        for (Sent each : sent) {
            if (each.node() == node) {
                for (SealRequest seal : each.message().getSealsList()) {
                    reports.add(new ControllerCodec.Received(
                            seal.getPartitionId(),
                            new ControllerMessage.SealReport(seal.getEpoch(), replica, incarnation, 0, endIndex)));
                }
            }
        }
        desk.receive(reports, nowNs);
    }

    @Test
    void whatAPictureMakesItAskForIsNotOverdueSoonAfter() {
        turn(500);
        NodeInfo gone = picture.node(2);
        proposed.add(Commands.fence(gone).build());
        desk.nodeLost(gone);
        turn(480);
        agree();
        turn(1);
        assertEquals(3, sent.size(), "each voter is asked");
        sent.clear();
        turn(30);
        assertEquals(List.of(), sent);
        turn(500);
        assertEquals(3, sent.size(), "nobody has answered");
    }

    @Test
    void aNodesPartitionsMoveInAFewCommandsAndMessages() {
        turn(1);
        assertEquals(List.of(), proposed);
        long lost = ledBy(2);
        assertEquals(PARTITIONS / 3, lost);
        NodeInfo gone = picture.node(2);
        proposed.add(Commands.fence(gone).build());
        desk.nodeLost(gone);
        turn(1);
        assertEquals(1 + 2, agree(), "a fence, and 600 partitions in two seals");
        assertEquals(0, ledBy(2));

        turn(1);
        assertEquals(List.of(1, 2, 3), sent.stream().map(Sent::node).toList());
        sent.forEach(each -> assertEquals(lost, each.message().getSealsCount()));
        report(1, 10);
        report(3, 11);
        turn(1);
        assertEquals(2, agree(), "600 partitions in two elections");
        assertEquals(PARTITIONS / 3 + lost, ledBy(3), "whose logs are longer");
    }

    @Test
    void aNewControllerSealsWhatFencedAndFormerIncarnationsLed() {
        picture.took(Commands.fence(picture.node(1)));
        picture.register(2, "again");
        ControllerDesk next = new ControllerDesk(
                ControllerSettings.DEFAULTS,
                new Keeping(),
                new Handback(10_000, nowNs),
                command -> proposed.add(command.build()),
                picture.image,
                nowNs);
        next.doWork(nowNs);
        int sealed = proposed.stream()
                .mapToInt(command -> command.getSeal().getItemsCount())
                .sum();
        assertEquals(2 * PARTITIONS / 3, sealed);
    }

    @Test
    void whatWasProposedAndLostIsProposedAgain() {
        NodeInfo gone = picture.node(2);
        picture.took(Commands.fence(gone));
        desk.onImage(picture.image, nowNs);
        turn(1);
        int first = proposed.size();
        assertTrue(first > 0);
        proposed.clear();
        turn(100);
        assertEquals(0, proposed.size());
        turn(500);
        assertEquals(first, proposed.size());
    }

    @Test
    void whatIsUnderWayIsLookedAtOftenAndNothingElse() {
        turn(1);
        assertTrue(desk.nextInNs(nowNs) > TimeUnit.MILLISECONDS.toNanos(400));
        desk.receive(List.of(), nowNs);
        assertTrue(desk.nextInNs(nowNs) <= TimeUnit.MILLISECONDS.toNanos(20));
        turn(150);
        assertTrue(desk.nextInNs(nowNs) > TimeUnit.MILLISECONDS.toNanos(300));
    }

    @Test
    void aNodeThatIsBackLeadsAgainWhatItPrefersToAFewPartitionsAtATime() {
        turn(20_000);
        aNodesPartitionsMoveInAFewCommandsAndMessages();
        picture.took(Commands.unfence(picture.node(2)));
        desk.onImage(picture.image, nowNs);
        sent.clear();
        turn(1_000);
        turn(8_000);
        assertEquals(List.of(), sent, "it has not been there for long");
        turn(2_000);
        assertEquals(List.of(3), sent.stream().map(Sent::node).toList(), "the leader is asked");
        assertEquals(10, sent.get(0).message().getTransfersCount());
        List<SealRequest> first = sent.get(0).message().getTransfersList();
        sent.clear();
        turn(1_000);
        assertEquals(10, sent.get(0).message().getTransfersCount());
        assertTrue(
                first.stream().noneMatch(sent.get(0).message().getTransfersList()::contains), "each is asked for once");
    }
}
