package io.headwater.broker.peer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.InvalidProtocolBufferException;
import io.headwater.broker.copy.EntryBytes;
import io.headwater.broker.peer.wire.PartitionSays;
import io.headwater.broker.peer.wire.Replication;
import io.headwater.broker.replica.AttachId;
import io.headwater.broker.replica.ControllerMessage;
import io.headwater.broker.replica.EpochStart;
import io.headwater.broker.replica.Lack;
import io.headwater.broker.replica.LogTail;
import io.headwater.broker.replica.ReplicaId;
import io.headwater.broker.replica.ReplicaMessage;
import io.headwater.record.testing.Seeds;
import io.headwater.storage.LogStart;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ReplicaCodecTest {
    private static final ReplicaId SOMEBODY = new ReplicaId(1, new UUID(2, 3));

    private static ReplicaId replica(SplittableRandom random) {
        return new ReplicaId(random.nextInt(1, Integer.MAX_VALUE), new UUID(random.nextLong(), random.nextLong()));
    }

    private static AttachId attach(SplittableRandom random) {
        return new AttachId(replica(random), index(random), index(random));
    }

    private static long index(SplittableRandom random) {
        return random.nextLong(random.nextBoolean() ? 100 : Long.MAX_VALUE / 4);
    }

    private static List<EpochStart> rows(SplittableRandom random, long from, int count) {
        List<EpochStart> rows = new ArrayList<>();
        int epoch = random.nextInt(5);
        long index = from;
        for (int i = 0; i < count; i++) {
            rows.add(new EpochStart(epoch, index));
            epoch += random.nextInt(1, 1000);
            index += random.nextInt(1, 1000);
        }
        return rows;
    }

    private static ReplicaMessage message(SplittableRandom random) {
        int epoch = random.nextInt(Integer.MAX_VALUE);
        return switch (random.nextInt(9)) {
            case 0 -> {
                long start = index(random);
                List<EpochStart> rows = rows(random, start, random.nextInt(70));
                yield new ReplicaMessage.Attach(
                        epoch,
                        attach(random),
                        new LogTail(start, start + 100_000, rows, random.nextInt(1000)),
                        random.nextBoolean());
            }
            case 1 -> new ReplicaMessage.AttachOk(epoch, attach(random), index(random), index(random), index(random));
            case 2 -> new ReplicaMessage.TellMore(epoch, attach(random), index(random));
            case 3 ->
                new ReplicaMessage.CopyFirst(epoch, attach(random), index(random), random.nextBoolean(), index(random));
            case 4 -> {
                long from = index(random);
                List<EpochStart> rows = rows(random, from, random.nextInt(5));
                byte[] bytes = new byte[rows.isEmpty() ? 0 : random.nextInt(1, 2000)];
                random.nextBytes(bytes);
                ByteBuffer content =
                        ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
                long end = rows.isEmpty() ? from : from + 10_000;
                yield new ReplicaMessage.Append(
                        epoch, replica(random), new EntryBytes(from, end, content, rows), index(random));
            }
            case 5 -> {
                long durable = index(random);
                yield new ReplicaMessage.Ack(epoch, replica(random), durable, durable + random.nextInt(2));
            }
            case 6 -> new ReplicaMessage.Confirm(epoch, replica(random), index(random));
            case 7 -> new ReplicaMessage.Confirmed(epoch, replica(random), index(random));
            default -> new ReplicaMessage.Commit(epoch, replica(random), index(random));
        };
    }

    /** As one buffer, somewhere within a larger one. */
    private static ByteBuffer joined(List<ByteBuffer> parts) {
        int size = parts.stream().mapToInt(ByteBuffer::remaining).sum();
        ByteBuffer all = ByteBuffer.allocate(size + 7).position(3);
        parts.forEach(part -> all.put(part.duplicate()));
        return all.flip().position(3);
    }

    private static final LogStart START = new LogStart(5, 3, 2, -7);

    @Test
    void whatReplicasSayComesBackAsItWas() {
        Seeds.run(300, random -> {
            List<ReplicaMessage> said = new ArrayList<>();
            List<ByteBuffer> attachment = new ArrayList<>();
            Replication.Builder replication = Replication.newBuilder();
            for (int i = random.nextInt(10); i >= 0; i--) {
                ReplicaMessage message = message(random);
                said.add(message);
                replication.addMessages(ReplicaCodec.encode(1 + said.size(), message, START, attachment));
            }
            Replication bytes = Replication.parseFrom(replication.build().toByteArray());
            List<ReplicaCodec.Received> received = ReplicaCodec.decode(bytes, joined(attachment));
            assertEquals(said.size(), received.size());
            for (int i = 0; i < said.size(); i++) {
                assertEquals(said.get(i), received.get(i).message());
                assertEquals(2 + i, received.get(i).partition());
                boolean tells = said.get(i) instanceof ReplicaMessage.Append
                        || said.get(i) instanceof ReplicaMessage.Commit
                        || said.get(i) instanceof ReplicaMessage.CopyFirst;
                assertEquals(tells ? START : LogStart.OF_ALL, received.get(i).start());
            }
        });
    }

    /** Either it is well formed by chance, or it is refused in the one way that is documented. */
    @Test
    void damagedBytesAreRefusedInOneWay() {
        AtomicInteger refused = new AtomicInteger();
        AtomicInteger taken = new AtomicInteger();
        Seeds.run(3_000, random -> {
            List<ByteBuffer> attachment = new ArrayList<>();
            byte[] bytes = Replication.newBuilder()
                    .addMessages(ReplicaCodec.encode(9, message(random), START, attachment))
                    .addMessages(ReplicaCodec.encode(8, message(random), START, attachment))
                    .build()
                    .toByteArray();
            for (int flips = random.nextInt(3); flips >= 0; flips--) {
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            }
            ByteBuffer joined = joined(attachment);
            if (random.nextInt(4) == 0 && joined.hasRemaining()) {
                joined.limit(joined.limit() - 1);
            }
            try {
                ReplicaCodec.decode(Replication.parseFrom(bytes), joined);
                taken.incrementAndGet();
            } catch (BadPeerMessageException | InvalidProtocolBufferException e) {
                refused.incrementAndGet();
            }
        });
        assertTrue(refused.get() > 300 && taken.get() > 300, refused + " refused, " + taken + " taken");
    }

    private static void refused(String expected, Replication replication, int attached) {
        BadPeerMessageException refusal = assertThrows(
                BadPeerMessageException.class, () -> ReplicaCodec.decode(replication, ByteBuffer.allocate(attached)));
        assertTrue(String.valueOf(refusal.getMessage()).contains(expected), refusal.toString());
    }

    private static Replication.Builder append(long from, long end, int bytes, EpochStart... rows) {
        var entries = new EntryBytes(from, end, ByteBuffer.allocate(bytes), List.of(rows));
        return Replication.newBuilder()
                .addMessages(ReplicaCodec.encode(
                        1, new ReplicaMessage.Append(1, SOMEBODY, entries, 0), START, new ArrayList<>()));
    }

    @Test
    void entriesThatDoNotFitTheirBytesAreRefused() {
        EpochStart row = new EpochStart(1, 5);
        ReplicaCodec.decode(append(5, 6, 10, row).build(), ByteBuffer.allocate(10));
        refused("bytes of an append: 10", append(5, 6, 10, row).build(), 9);
        refused("attachment: 1 bytes more", append(5, 6, 10, row).build(), 11);
        refused("bytes of an append: 0", append(5, 6, 0, row).build(), 0);
        refused("end index: 4", append(5, 4, 1, row).build(), 1);
        refused("from index: -1", append(-1, 4, 1, row).build(), 1);
        refused("epochs of an append", append(5, 6, 1).build(), 1);
        refused("first index of a row: 5", append(6, 7, 1, row).build(), 1);
        refused(
                "first index of a row: 5",
                append(5, 9, 1, row, new EpochStart(2, 5)).build(),
                1);
        refused("epoch of a row: 1", append(5, 9, 1, row, new EpochStart(1, 6)).build(), 1);
        refused(
                "first index of a row: 10",
                append(5, 9, 1, row, new EpochStart(2, 10)).build(),
                1);
        Replication.Builder negative = append(5, 6, 1, row);
        negative.getMessagesBuilder(0).getAppendBuilder().setBytes(-1);
        refused("bytes of an append: -1", negative.build(), 1);
        Replication.Builder noPartition = append(5, 6, 1, row);
        noPartition.getMessagesBuilder(0).setPartitionId(0);
        refused("partition: 0", noPartition.build(), 1);
        Replication.Builder empty = append(5, 6, 1, row);
        empty.getMessagesBuilder(0).clearMessage();
        refused("replica message: none", empty.build(), 0);
    }

    private static ControllerMessage toController(SplittableRandom random) {
        int epoch = random.nextInt(Integer.MAX_VALUE);
        return switch (random.nextInt(5)) {
            case 0 ->
                new ControllerMessage.SealReport(
                        epoch,
                        replica(random),
                        index(random),
                        random.nextInt(1000),
                        index(random),
                        Lack.values()[random.nextInt(3)]);
            case 1 -> new ControllerMessage.LearnerReady(epoch, replica(random));
            case 2 -> new ControllerMessage.MarkCommitted(epoch, random.nextInt(1000));
            case 3 -> new ControllerMessage.TransferReady(epoch, replica(random), index(random));
            default -> new ControllerMessage.SealWanted(epoch);
        };
    }

    @Test
    void whatTheControllerIsToldComesBackAsItWas() {
        Seeds.run(300, random -> {
            ControllerMessage said = toController(random);
            PartitionSays bytes =
                    PartitionSays.parseFrom(ControllerCodec.encode(7, said).toByteArray());
            assertEquals(new ControllerCodec.Received(7, said), ControllerCodec.decode(bytes));
        });
    }

    @Test
    void damagedReportsAreRefusedInOneWay() {
        AtomicInteger refused = new AtomicInteger();
        Seeds.run(3_000, random -> {
            byte[] bytes = ControllerCodec.encode(7, toController(random)).toByteArray();
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
            try {
                ControllerCodec.decode(PartitionSays.parseFrom(bytes));
            } catch (BadPeerMessageException | InvalidProtocolBufferException e) {
                refused.incrementAndGet();
            }
        });
        assertTrue(refused.get() > 300, refused + " refused");
        assertThrows(
                BadPeerMessageException.class,
                () -> ControllerCodec.decode(
                        PartitionSays.newBuilder().setPartitionId(1).build()));
    }
}
