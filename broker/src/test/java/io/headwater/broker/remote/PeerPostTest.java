package io.headwater.broker.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.HostPort;
import io.headwater.broker.peer.Peers;
import io.headwater.broker.peer.wire.PeerMessage;
import io.headwater.broker.replica.AttachId;
import io.headwater.broker.replica.ControllerMessage;
import io.headwater.broker.replica.EpochStart;
import io.headwater.broker.replica.LogTail;
import io.headwater.broker.replica.ReplicaId;
import io.headwater.broker.replica.ReplicaMessage;
import io.headwater.storage.LogStart;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What the replicas of one owner say in a turn, however many they are: no message is larger than a frame may be. */
class PeerPostTest {
    private static final int REPLICAS = 25_000;
    /** As much as is gathered, the one that makes it full, and some bytes around each. */
    private static final int MOST_BYTES = 9 << 17;

    private static final ReplicaId SELF = new ReplicaId(1, new UUID(1, 1));

    private final List<PeerMessage> sent = new ArrayList<>();
    private final PeerPost post = new PeerPost(new Keeping(), () -> 3);

    private final class Keeping implements Peers {
        @Override
        public void know(int node, HostPort endpoint) {}

        @Override
        public void forget(int node) {}

        @Override
        public void send(int node, PeerMessage message, List<ByteBuffer> attachment) {
            sent.add(message);
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

    private void areOfBoundedSize() {
        assertTrue(sent.size() > 1, "more than one message");
        int largest =
                sent.stream().mapToInt(PeerMessage::getSerializedSize).max().orElseThrow();
        assertTrue(largest <= MOST_BYTES, "largest: " + largest);
    }

    @Test
    void copiesThatAttachWithLongHistories() {
        List<EpochStart> rows = IntStream.range(0, 60)
                .mapToObj(row -> new EpochStart(1_000 + row, 1_000_000_000L * row))
                .toList();
        LogTail tail = new LogTail(0, 1_000_000_000_000L, rows, 0);
        for (int i = 0; i < REPLICAS; i++) {
            post.send(2, i, LogStart.OF_ALL, new ReplicaMessage.Attach(7, new AttachId(SELF, 8, 9), tail, true));
        }
        post.flush();

        areOfBoundedSize();
        assertEquals(
                REPLICAS,
                sent.stream()
                        .mapToInt(each -> each.getReplication().getMessagesCount())
                        .sum());
    }

    @Test
    void reportsToTheController() {
        ControllerMessage.SealReport report = new ControllerMessage.SealReport(7, SELF, 8, 6, 1_000_000_000_000L);
        for (int i = 0; i < REPLICAS; i++) {
            post.answer(3, i, report);
            post.tellController(i, report);
        }
        post.flush();

        areOfBoundedSize();
        assertEquals(
                2 * REPLICAS,
                sent.stream()
                        .mapToInt(each -> each.getToController().getSaysCount())
                        .sum());
    }
}
