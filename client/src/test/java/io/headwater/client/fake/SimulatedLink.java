package io.headwater.client.fake;

import com.google.protobuf.MessageLite;
import io.headwater.client.link.Link;
import io.headwater.client.link.LinkListener;
import io.headwater.protocol.Errors;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.DeleteTopicReply;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.HelloReply;
import io.headwater.protocol.wire.InitProducerReply;
import io.headwater.protocol.wire.Produce;
import io.headwater.protocol.wire.ProduceBatch;
import io.headwater.protocol.wire.ProduceReply;
import io.headwater.protocol.wire.ProduceResult;
import io.headwater.protocol.wire.Topics;
import io.headwater.protocol.wire.UnsubscribeReply;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A network and a broker on a {@link SimulatedLoop}. Frames arrive in order, late; connections fail at any moment, with
 * frames on their way that still arrive, perhaps long after those of the connections that follow; the broker refuses,
 * forgets its producers, and falls silent. Chances are in percent.
 */
public final class SimulatedLink implements Link {
    private static final long MS = 1_000_000;
    public static final long LONGEST_UNREAD_NS = 3_000 * MS;

    /** Who answers in place of the broker that is simulated here. */
    @FunctionalInterface
    public interface Broker {
        void read(int connection, FrameType type, int correlationId, MessageLite message, ByteBuf attachment);
    }

    /** One frame that the client sent. */
    public record Sent(FrameType type, int correlationId, MessageLite message) {}

    private final SimulatedLoop loop;
    private final SplittableRandom random;
    private final @Nullable Broker broker;
    private final Map<Long, FakePartition> partitions = new HashMap<>();
    /** Connections that broke with frames in a buffer that the broker reads later, all in one go. */
    private final Map<Integer, List<Runnable>> unread = new HashMap<>();

    private @Nullable List<Runnable> frozen;
    private List<Runnable> unsaid = List.of();
    private LinkListener listener;
    private int connection;
    private boolean up;
    private long arrivalNs;
    private long replyNs;
    private long lastProducerId = 1_000_000;
    private int silent;
    public final List<Sent> sent = new ArrayList<>();
    public int attempts;
    /** The connection breaks inside that flush from now, and the listener hears of it before flush returns; 0: none. */
    public int flushesUntilBroken;

    public int dropChance;
    public int refuseChance;
    public int rejectChance;
    public int silenceChance;
    public int unreachableChance;
    public int stragglerChance;
    public int readOnChance;
    public int forgetChance;
    /** So many frames of producers fail as a whole, one after the other, and the connection stays up. */
    public int framesToFail;
    /** What the next batches are answered, one by one; NONE: what the partition says. */
    public final ArrayDeque<ErrorCode> verdicts = new ArrayDeque<>();
    /** Produce frames whose batches the broker has looked at. */
    public int framesRead;

    public SimulatedLink(SimulatedLoop loop, SplittableRandom random) {
        this(loop, random, null);
    }

    SimulatedLink(SimulatedLoop loop, SplittableRandom random, @Nullable Broker broker) {
        this.loop = loop;
        this.random = random;
        this.broker = broker;
    }

    public FakePartition addPartition(long id) {
        FakePartition partition = new FakePartition(id, "t", (int) id);
        partitions.put(id, partition);
        return partition;
    }

    /** The broker does nothing at all for a while; then it goes on with all that has come meanwhile, in that order. */
    void freeze(long durationNs) {
        if (frozen == null) {
            List<Runnable> requests = new ArrayList<>();
            List<Runnable> replies = new ArrayList<>();
            frozen = requests;
            unsaid = replies;
            loop.schedule(durationNs, () -> {
                frozen = null;
                replies.forEach(Runnable::run);
                requests.forEach(Runnable::run);
            });
        }
    }

    boolean isFrozen() {
        return frozen != null;
    }

    /** The broker reads what comes on the present connection, and says nothing. */
    public void fallSilent() {
        silent = connection;
    }

    /** The broker says something unasked. */
    public void push(Frame frame) {
        reply(connection, frame);
    }

    @Override
    public void connect(LinkListener to) {
        int id = ++connection;
        attempts++;
        listener = to;
        loop.schedule(MS, () -> {
            if (id != connection) {
                return;
            }
            if (chance(unreachableChance)) {
                to.disconnected("connection refused");
            } else {
                up = true;
                to.connected();
            }
        });
    }

    @Override
    public void handshaken(int maxFrameBytes) {
        // The simulation sends no large frames.
    }

    @Override
    public void send(FrameType type, int correlationId, MessageLite message, List<ByteBuf> attachments) {
        ByteBuf all = Unpooled.buffer();
        for (ByteBuf attachment : attachments) {
            all.writeBytes(attachment);
            attachment.release();
        }
        sent.add(new Sent(type, correlationId, message));
        int id = connection;
        arrivalNs = Math.max(arrivalNs, loop.nowNs()) + random.nextLong(MS);
        loop.schedule(arrivalNs - loop.nowNs(), () -> arrived(id, type, correlationId, message, all));
    }

    @Override
    public void flush() {
        // Nothing is held back.
        if (flushesUntilBroken > 0 && --flushesUntilBroken == 0) {
            up = false;
            listener.disconnected("the flush failed");
        }
    }

    @Override
    public boolean isWritable() {
        return up;
    }

    @Override
    public void disconnect(String why) {
        drop(connection, why);
    }

    /** The connection breaks, as seen from both ends. */
    public void drop(int id, String why) {
        if (id == connection && up) {
            up = false;
            if (chance(stragglerChance)) {
                leaveUnread(id);
            }
            loop.execute(() -> {
                if (id == connection) {
                    listener.disconnected(why);
                }
            });
        }
    }

    private void leaveUnread(int id) {
        stopReading();
        loop.schedule(random.nextLong(LONGEST_UNREAD_NS), () -> readOn(id));
    }

    /** What arrives on the present connection from now on stays in the broker's buffer, until {@link #readOn}. */
    public void stopReading() {
        unread.computeIfAbsent(connection, unused -> new ArrayList<>());
    }

    /** The broker reads what it left, of every connection. */
    public void readOn() {
        List.copyOf(unread.keySet()).forEach(this::readOn);
    }

    private void readOn(int id) {
        List<Runnable> buffer = unread.remove(id);
        if (buffer != null) {
            buffer.forEach(Runnable::run);
        }
    }

    public void drop() {
        drop(connection, "the test dropped it");
    }

    private boolean chance(int percent) {
        return random.nextInt(100) < percent;
    }

    private void arrived(int id, FrameType type, int correlationId, MessageLite message, ByteBuf attachment) {
        if (frozen != null) {
            frozen.add(() -> arrived(id, type, correlationId, message, attachment));
            return;
        }
        List<Runnable> buffer = unread.get(id);
        if (buffer != null) {
            buffer.add(() -> read(id, type, correlationId, message, attachment));
            return;
        }
        read(id, type, correlationId, message, attachment);
        // Just behind what it has judged is where the copies of an old connection hurt.
        if (!unread.isEmpty() && chance(readOnChance)) {
            readOn();
        }
    }

    private void read(int id, FrameType type, int correlationId, MessageLite message, ByteBuf attachment) {
        if (id == silent) {
            return;
        }
        if (framesToFail > 0 && (type == FrameType.PRODUCE || type == FrameType.INIT_PRODUCER)) {
            framesToFail--;
            reply(id, Frame.failure(type, correlationId, Errors.of(ErrorCode.ERROR_INVALID_REQUEST, "simulated")));
            return;
        }
        if (broker != null) {
            broker.read(id, type, correlationId, message, attachment);
            return;
        }
        switch (type) {
            case HELLO ->
                reply(
                        id,
                        type,
                        correlationId,
                        HelloReply.newBuilder()
                                .setVersion(1)
                                .setMaxFrameBytes(1 << 20)
                                .setMaxRecordBytes(1 << 20)
                                .build());
            case INIT_PRODUCER ->
                reply(
                        id,
                        type,
                        correlationId,
                        InitProducerReply.newBuilder()
                                .setProducerId(++lastProducerId)
                                .build());
            case GET_TOPICS -> reply(id, type, correlationId, Topics.getDefaultInstance());
            case PRODUCE -> produce(id, correlationId, (Produce) message, attachment);
            case UNSUBSCRIBE -> reply(id, type, correlationId, UnsubscribeReply.getDefaultInstance());
            case DELETE_TOPIC -> reply(id, type, correlationId, DeleteTopicReply.getDefaultInstance());
            default -> throw new AssertionError("not simulated: " + type);
        }
    }

    private void produce(int id, int correlationId, Produce produce, ByteBuf attachment) {
        if (chance(dropChance)) {
            drop(id, "lost before storing");
            return;
        }
        framesRead++;
        ProduceReply.Builder reply = ProduceReply.newBuilder();
        for (ProduceBatch batch : produce.getBatchesList()) {
            byte[] bytes = new byte[batch.getBytes()];
            attachment.readBytes(bytes);
            reply.addResults(take(batch, bytes));
        }
        if (chance(dropChance)) {
            drop(id, "lost after storing");
        } else if (!chance(silenceChance)) {
            reply(id, FrameType.PRODUCE, correlationId, reply.build());
        }
    }

    private ProduceResult take(ProduceBatch batch, byte[] bytes) {
        ErrorCode verdict = verdicts.isEmpty() ? ErrorCode.ERROR_NONE : verdicts.remove();
        if (chance(forgetChance)) {
            partitions.get(batch.getPartitionId()).forgetProducers();
        }
        if (chance(refuseChance)) {
            verdict = ErrorCode.ERROR_OVERLOADED;
        } else if (chance(rejectChance)) {
            verdict = ErrorCode.ERROR_DISK_FULL;
        }
        return verdict == ErrorCode.ERROR_NONE
                ? partitions.get(batch.getPartitionId()).append(bytes, 1)
                : ProduceResult.newBuilder()
                        .setError(Errors.of(verdict, "simulated"))
                        .build();
    }

    void reply(int id, FrameType type, int correlationId, MessageLite message) {
        reply(id, Frame.reply(type, correlationId, message));
    }

    /** On that connection; lost where it is gone. */
    void reply(int id, Frame frame) {
        if (frozen != null) {
            unsaid.add(() -> reply(id, frame));
            return;
        }
        replyNs = Math.max(replyNs, loop.nowNs()) + random.nextLong(MS);
        loop.schedule(replyNs - loop.nowNs(), () -> {
            if (id == connection && up) {
                listener.received(frame);
            }
        });
    }
}
