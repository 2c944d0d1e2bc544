package io.headwater.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.google.protobuf.MessageLite;
import io.headwater.client.fake.SimulatedLoop;
import io.headwater.client.link.Link;
import io.headwater.client.link.LinkListener;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.AssignedPartition;
import io.headwater.protocol.wire.Assignment;
import io.headwater.protocol.wire.GroupHeartbeatReply;
import io.headwater.protocol.wire.HelloReply;
import io.headwater.protocol.wire.JoinGroupReply;
import io.headwater.protocol.wire.SubscribeReply;
import io.headwater.protocol.wire.UnsubscribeReply;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What a commit of the user's thread would say while the loop applies a seek that came from outside. */
class GroupSeekTest {
    private static final long SECOND = 1_000_000_000;

    private final SimulatedLoop loop = new SimulatedLoop();
    private final Broker broker = new Broker();
    private final Cluster cluster = new Cluster(
            Endpoint.parseAll("broker:1"),
            endpoint -> broker,
            loop,
            new SplittableRandom(1),
            ClientSettings.of("broker:1", "test", 9 * SECOND, 10 * SECOND));
    private final ConsumerSettings settings = new ConsumerSettings(
            List.of("t"),
            List.of(),
            "g",
            "",
            Position.beginning(),
            null,
            false,
            true,
            SECOND,
            1 << 20,
            100,
            StreamConsumer.OutOfRange.FAIL);
    private final DeliveryQueue queue = new DeliveryQueue();
    private final ConsumerCore core =
            new ConsumerCore(cluster, settings, queue, new Subscriptions(cluster, settings, queue));

    /** Answers at once; runs what the test wants to see at each message. */
    private final class Broker implements Link {
        private @Nullable LinkListener listener;
        private Runnable onMessage = () -> {};

        private LinkListener listener() {
            return Objects.requireNonNull(listener);
        }

        @Override
        public void connect(LinkListener to) {
            listener = to;
            loop.execute(to::connected);
        }

        @Override
        public void handshaken(int maxFrameBytes) {
            // Nothing large is sent.
        }

        @Override
        public void send(FrameType type, int correlationId, MessageLite message, List<ByteBuf> attachments) {
            onMessage.run();
            MessageLite reply = switch (type) {
                case HELLO -> HelloReply.newBuilder().setVersion(1).build();
                case JOIN_GROUP ->
                    JoinGroupReply.newBuilder()
                            .setMemberId("m")
                            .setHeartbeatIntervalMs(1000)
                            .setAssignment(assignment(1, 5))
                            .build();
                case GROUP_HEARTBEAT -> GroupHeartbeatReply.getDefaultInstance();
                case SUBSCRIBE -> SubscribeReply.getDefaultInstance();
                case UNSUBSCRIBE -> UnsubscribeReply.getDefaultInstance();
                default -> throw new AssertionError("not expected: " + type);
            };
            loop.execute(() -> listener().received(Frame.reply(type, correlationId, reply)));
        }

        @Override
        public void flush() {
            // Nothing is held back.
        }

        @Override
        public boolean isWritable() {
            return true;
        }

        @Override
        public void disconnect(String why) {
            throw new AssertionError(why);
        }
    }

    private static Assignment assignment(int generation, long position) {
        return Assignment.newBuilder()
                .setGroup("g")
                .setMemberId("m")
                .setGeneration(generation)
                .addPartitions(AssignedPartition.newBuilder()
                        .setPartitionId(1)
                        .setTopic("t")
                        .setPosition(position)
                        .setSinceGeneration(generation))
                .build();
    }

    @Test
    void neverNamesAnOldPositionUnderTheGenerationOfTheSeek() {
        GroupMember member = Objects.requireNonNull(core.member());
        cluster.add(core);
        loop.runUntil(() -> !core.readers().isEmpty(), SECOND);
        PartitionReader reader = core.readers().iterator().next();
        reader.markProcessed(reader.epoch, 9);
        assertNotNull(reader.toCommit());
        List<String> seen = new ArrayList<>();
        broker.onMessage = () -> {
            var commit = reader.toCommit();
            seen.add(member.generation() + ": " + (commit == null ? "nothing" : commit.getOffset()));
        };
        broker.listener().received(Frame.push(FrameType.ASSIGNMENT, assignment(2, 3), Unpooled.EMPTY_BUFFER));
        // Seen at the end of the old subscription, at the beginning of the new one, and at the heartbeat.
        assertEquals(List.of("2: nothing", "2: nothing", "2: nothing"), seen);
        assertNull(reader.toCommit());
        reader.markProcessed();
        assertNull(reader.toCommit(), "what was handed out before the seek does not count");
        reader.markProcessed(reader.epoch, 4);
        assertEquals(4, Objects.requireNonNull(reader.toCommit()).getOffset());
    }
}
