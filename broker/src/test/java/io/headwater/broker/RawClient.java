package io.headwater.broker;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameEncoder;
import io.headwater.protocol.FrameLayout;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.Deliver;
import io.headwater.protocol.wire.DescribeQueueGroup;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.GetPositions;
import io.headwater.protocol.wire.Hello;
import io.headwater.protocol.wire.Positions;
import io.headwater.protocol.wire.Produce;
import io.headwater.protocol.wire.ProduceBatch;
import io.headwater.protocol.wire.ProduceReply;
import io.headwater.protocol.wire.ProduceResult;
import io.headwater.protocol.wire.QueueGroupDescription;
import io.headwater.protocol.wire.QueuePartition;
import io.headwater.protocol.wire.Subscribe;
import io.headwater.protocol.wire.SubscribeReply;
import io.headwater.protocol.wire.Topic;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PushbackInputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;

/** A client that speaks frames over a plain socket, and does as it is told: also what a good client would not do. */
final class RawClient implements AutoCloseable {
    static final int TIMEOUT_MS = 20_000;

    private final Socket socket;
    private final PushbackInputStream ahead;
    private final DataInputStream in;
    private final OutputStream out;
    private final Queue<Frame> pushes = new ArrayDeque<>();
    private int nextCorrelationId = 1;

    RawClient(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MS);
        ahead = new PushbackInputStream(socket.getInputStream());
        in = new DataInputStream(ahead);
        out = socket.getOutputStream();
    }

    static RawClient connected(int port) throws IOException {
        RawClient client = new RawClient(port);
        client.call(
                FrameType.HELLO,
                Hello.newBuilder()
                        .setMinVersion(1)
                        .setMaxVersion(1)
                        .setClientName("raw")
                        .build());
        return client;
    }

    Socket socket() {
        return socket;
    }

    int send(FrameType type, MessageLite message, byte... attachment) throws IOException {
        int correlationId = nextCorrelationId++;
        out.write(bytes(type, correlationId, message, attachment));
        return correlationId;
    }

    void write(byte[] raw) throws IOException {
        out.write(raw);
    }

    static byte[] bytes(FrameType type, int correlationId, MessageLite message, byte... attachment) {
        ByteBuf head = FrameEncoder.encode(
                UnpooledByteBufAllocator.DEFAULT, type, 0, correlationId, message, attachment.length);
        try {
            byte[] all = new byte[head.readableBytes() + attachment.length];
            head.readBytes(all, 0, head.readableBytes());
            System.arraycopy(attachment, 0, all, all.length - attachment.length, attachment.length);
            return all;
        } finally {
            head.release();
        }
    }

    /** Sends a request and waits for its reply; pushes that come in between are kept. */
    Frame call(FrameType type, MessageLite message, byte... attachment) throws IOException {
        int correlationId = send(type, message, attachment);
        return reply(correlationId);
    }

    Frame reply(int correlationId) throws IOException {
        while (true) {
            Frame frame = read();
            if (frame.isPush()) {
                pushes.add(frame);
            } else if (frame.correlationId() == correlationId) {
                return frame;
            } else {
                throw new IOException("unexpected " + frame);
            }
        }
    }

    Error failure(FrameType type, MessageLite message, byte... attachment) throws IOException {
        Frame reply = call(type, message, attachment);
        if (!reply.isError()) {
            throw new AssertionError("not refused: " + reply.message());
        }
        return reply.message(Error.class);
    }

    Topic createTopic(String name, int partitions) throws IOException {
        Frame reply = call(
                FrameType.CREATE_TOPIC,
                io.headwater.protocol.wire.CreateTopic.newBuilder()
                        .setName(name)
                        .setPartitions(partitions)
                        .build());
        return reply.message(Topic.class);
    }

    /** Everything of a partition, from its first record on. */
    Frame subscribe(long partitionId, long creditBytes) throws IOException {
        return call(
                FrameType.SUBSCRIBE,
                Subscribe.newBuilder()
                        .setPartitionId(partitionId)
                        .setUntilOffset(-1)
                        .setCreditBytes(creditBytes)
                        .build());
    }

    /** What a group has committed; -1: nothing. */
    long position(String group, long partitionId) throws IOException {
        return call(
                        FrameType.GET_POSITIONS,
                        GetPositions.newBuilder()
                                .setGroup(group)
                                .addPartitionIds(partitionId)
                                .build())
                .message(Positions.class)
                .getOffsets(0);
    }

    /** Of a topic with one partition. */
    QueuePartition queue(String topic, String group) throws IOException {
        return call(
                        FrameType.DESCRIBE_QUEUE_GROUP,
                        DescribeQueueGroup.newBuilder()
                                .setTopic(topic)
                                .setName(group)
                                .build())
                .message(QueueGroupDescription.class)
                .getPartitions(0);
    }

    ProduceResult produce(long partitionId, byte[] batch) throws IOException {
        Frame reply = call(FrameType.PRODUCE, produceMessage(partitionId, batch.length), batch);
        return reply.message(ProduceReply.class).getResults(0);
    }

    int sendProduce(long partitionId, byte[] batch) throws IOException {
        return send(FrameType.PRODUCE, produceMessage(partitionId, batch.length), batch);
    }

    static Produce produceMessage(long partitionId, int bytes) {
        return Produce.newBuilder()
                .addBatches(
                        ProduceBatch.newBuilder().setPartitionId(partitionId).setBytes(bytes))
                .build();
    }

    /** The values of all records of a partition. What else is pushed meanwhile is dropped. */
    List<String> values(long partitionId) throws Exception {
        int id = 1_000_000 + nextCorrelationId;
        Frame opened = call(
                FrameType.SUBSCRIBE,
                Subscribe.newBuilder()
                        .setSubscriptionId(id)
                        .setPartitionId(partitionId)
                        .setUntilOffset(-1)
                        .setCreditBytes(1 << 30)
                        .build());
        long end = opened.message(SubscribeReply.class).getEndOffset();
        List<String> values = new ArrayList<>();
        for (long next = 0; next < end; ) {
            Frame push = push();
            if (push.type() == FrameType.DELIVER && push.message(Deliver.class).getSubscriptionId() == id) {
                next = push.message(Deliver.class).getNextOffset();
                Batches.read(push.attachment()).forEach(record -> values.add(record.value()));
            }
        }
        return values;
    }

    /**
     * Whether {@link #push} has one that came before a reply, or something comes within a millisecond. {@link EOFException}
     * when the broker has closed the connection.
     */
    boolean hasPush() throws IOException {
        if (!pushes.isEmpty()) {
            return true;
        }
        socket.setSoTimeout(1);
        try {
            int next = ahead.read();
            if (next < 0) {
                throw new EOFException();
            }
            ahead.unread(next);
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } finally {
            socket.setSoTimeout(TIMEOUT_MS);
        }
    }

    /** The next push, waiting for it. */
    Frame push() throws IOException {
        Frame kept = pushes.poll();
        if (kept != null) {
            return kept;
        }
        Frame frame = read();
        if (!frame.isPush()) {
            throw new IOException("unexpected " + frame);
        }
        return frame;
    }

    /** The next frame. {@link EOFException} when the broker has closed the connection. */
    Frame read() throws IOException {
        int length = in.readInt();
        byte[] rest = new byte[length];
        in.readFully(rest);
        ByteBuffer frame = ByteBuffer.wrap(rest);
        FrameType type = Objects.requireNonNull(FrameType.byId(frame.get()));
        int flags = frame.get();
        frame.getShort();
        int correlationId = frame.getInt();
        int messageBytes = frame.getInt();
        int messageAt = FrameLayout.HEADER_BYTES - Integer.BYTES;
        MessageLite message;
        if ((flags & FrameLayout.FLAG_ERROR) != 0) {
            message = Error.parseFrom(ByteBuffer.wrap(rest, messageAt, messageBytes));
        } else {
            var parser = (flags & FrameLayout.FLAG_PUSH) != 0 ? type.push() : type.reply();
            message = Objects.requireNonNull(parser).parseFrom(rest, messageAt, messageBytes);
        }
        ByteBuf attachment = Unpooled.wrappedBuffer(rest, messageAt + messageBytes, length - messageAt - messageBytes);
        return new Frame(type, flags, correlationId, message, attachment);
    }

    /** Waits so long for a frame that does not come. */
    void expectSilence(Duration time) throws IOException {
        socket.setSoTimeout((int) time.toMillis());
        try {
            int length = in.readInt();
            throw new IOException("a frame of " + length + " bytes came");
        } catch (SocketTimeoutException e) {
            socket.setSoTimeout(TIMEOUT_MS);
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
