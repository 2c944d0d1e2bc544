package io.headwater.broker.work;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.QueueGroupInfo;
import io.headwater.broker.net.CopiedBytes;
import io.headwater.broker.net.TestConnection;
import io.headwater.broker.partition.OwnDisk;
import io.headwater.broker.partition.Partition;
import io.headwater.broker.partition.Wishes;
import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.queue.Now;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.QueuePolicy;
import io.headwater.broker.queue.RecordState;
import io.headwater.broker.stream.Traffic;
import io.headwater.protocol.wire.QueueDeliver;
import io.headwater.protocol.wire.QueueOpen;
import io.headwater.record.BatchLayout;
import io.headwater.record.Compression;
import io.headwater.record.Envelope;
import io.headwater.record.EventTimes;
import io.headwater.record.InvalidBatchException;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordBatchBuilder;
import io.headwater.record.RecordCursor;
import io.headwater.storage.DataDirectory;
import io.headwater.storage.Disk;
import io.headwater.storage.DiskFile;
import io.headwater.storage.LogSlice;
import io.headwater.storage.SteppedDirectory;
import io.headwater.storage.testing.MemoryDisk;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ParcelTest {
    private static final PartitionInfo INFO = new PartitionInfo(1, 1, "jobs", 0, 1);
    private static final QueueGroupInfo GROUP = new QueueGroupInfo(1, "g", QueuePolicy.KEYED, 30_000, 0);
    private static final Path LOG = Path.of("/data/partitions/1/00000000000000000000.log");
    private static final Now NOW = new Now(0, 1_800_000_000_000L);
    private static final int CREDIT = 100;
    private static final byte NEGATIVE_LENGTH = 0x7f;

    private final MemoryDisk disk = new MemoryDisk();
    private final Consumer consumer = new Consumer();
    private DataDirectory data;
    private Partition partition;
    private QueueDesk desk;
    private Worker worker;

    @BeforeEach
    void open() throws Exception {
        data = SteppedDirectory.open(Path.of("/data"), disk, NOW::wallMs, Runnable::run);
        partition = Partition.open(
                INFO,
                data.log(1),
                new OwnDisk(data.log(1), INFO.epoch()),
                NOW::wallMs,
                List.of(GROUP),
                new HeapBudget(4 << 20),
                NOW);
        desk = new QueueDesk(partition, new Traffic(NOW::wallMs), new NoLetters());
    }

    @AfterEach
    void close() throws Exception {
        data.close();
    }

    private void append(int valueBytes, String... keys) throws Exception {
        ByteBuffer target = ByteBuffer.allocate(4 << 20);
        RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE).reset(target);
        for (String key : keys) {
            builder.append(0, key.getBytes(StandardCharsets.UTF_8), new byte[valueBytes], List.of());
        }
        builder.finish(-1, (short) -1, -1);
        RecordBatch batch = new RecordBatch().wrap(target, 0);
        assertNull(partition
                .append(batch, new EventTimes(), Wishes.of(batch, new RecordCursor()))
                .error());
        partition.flush();
    }

    /** Its entry has the right checksums, over records that cannot be taken apart: as written, by whoever wrote that. */
    private void damage(long offset) throws Exception {
        try (LogSlice slice = partition.log().read(offset, partition.log().endOffset(), 1, null);
                DiskFile file = disk.open(LOG, Disk.Mode.READ_WRITE)) {
            ByteBuffer bytes = ByteBuffer.allocate(slice.sizeInBytes());
            slice.copyTo(bytes);
            bytes.flip();
            Envelope envelope = new Envelope().wrap(bytes, 0);
            long index = envelope.entryIndex();
            long timeMs = envelope.ingestionTimeMs();
            EventTimes times = new EventTimes();
            times.set(envelope.minEventTimeMs(), envelope.maxEventTimeMs());
            bytes.put(Envelope.SIZE + BatchLayout.HEADER_SIZE, NEGATIVE_LENGTH);
            CRC32C crc = new CRC32C();
            crc.update(bytes.duplicate().position(Envelope.SIZE + BatchLayout.ATTRIBUTES));
            bytes.putInt(Envelope.SIZE + BatchLayout.CRC, (int) crc.getValue());
            envelope.encodeData(new RecordBatch().wrap(bytes, Envelope.SIZE), times, index, timeMs);
            file.write(bytes, slice.position());
        }
    }

    private void consume() throws Exception {
        worker = desk.open(
                consumer,
                QueueOpen.newBuilder()
                        .setGroupId(1)
                        .setSession(7)
                        .setRecordsPerKey(16)
                        .setCreditRecords(CREDIT)
                        .setCreditBytes(8 << 20)
                        .build(),
                GROUP,
                NOW);
        turn();
    }

    private void turn() throws Exception {
        do {
            desk.turn(NOW);
            partition.flush();
            desk.takeDepartures().forEach(Departure::leave);
        } while (desk.hasMore());
    }

    private RecordState state(long offset) {
        QueueEngine engine = Objects.requireNonNull(partition.queues().engine(1));
        return engine.stateOf(offset);
    }

    @Test
    void whatFollowsARecordThatCannotBeReadIsNotDelivered() throws Exception {
        append(10, "a");
        append(10, "b", "a", "b");
        append(10, "a", "c");
        damage(0);
        consume();
        assertEquals(List.of(1L, 5L, 3L), consumer.offsets);
        assertEquals(List.of(RecordState.DEAD, RecordState.READY, RecordState.READY), states(0, 2, 4));
        assertEquals(1, consumer.followers);
        // The dead one took its own.
        assertEquals(4, consumer.creditTaken);
        assertEquals(CREDIT - 4, worker.creditRecords());

        turn();
        assertEquals(List.of(1L, 5L, 3L, 2L, 4L), consumer.offsets);
        assertEquals(List.of(2, 2), consumer.attempts);
        assertEquals(CREDIT - 6, worker.creditRecords());
        assertEquals(6, consumer.creditTaken);
    }

    @Test
    void norInALaterFrame() throws Exception {
        append(10, "a");
        append(600_000, "b");
        append(10, "a", "b");
        damage(0);
        consume();
        assertEquals(2, consumer.frames);
        assertEquals(List.of(1L, 3L), consumer.offsets);
        assertEquals(3, consumer.creditTaken);
        assertEquals(CREDIT - 3, worker.creditRecords());
    }

    @Test
    void aFollowerThatCannotBeReadLeavesThoseBeforeIt() throws Exception {
        append(10, "a");
        append(10, "a");
        append(10, "a");
        damage(1);
        consume();
        assertEquals(List.of(0L), consumer.offsets);
        assertEquals(List.of(RecordState.LEASED, RecordState.DEAD, RecordState.READY), states(0, 1, 2));
        assertEquals(2, consumer.creditTaken);
        assertEquals(CREDIT - 2, worker.creditRecords());
    }

    private List<RecordState> states(long... offsets) {
        List<RecordState> states = new ArrayList<>();
        for (long offset : offsets) {
            states.add(state(offset));
        }
        return states;
    }

    private static final class Consumer extends TestConnection {
        private final List<Long> offsets = new ArrayList<>();
        private final List<Integer> attempts = new ArrayList<>();
        private int frames;
        private int followers;
        private int creditTaken;

        Consumer() {
            super(1, "consumer");
        }

        @Override
        public void deliver(QueueDeliver message, CopiedBytes bytes) {
            frames++;
            followers += message.getFollowers();
            creditTaken += message.getCreditTaken();
            attempts.addAll(message.getAttemptsList());
            ByteBuffer sent = bytes.target().duplicate().flip();
            RecordBatch batch = new RecordBatch();
            try {
                while (sent.hasRemaining()) {
                    int at = sent.position() + Envelope.SIZE;
                    RecordCursor cursor = batch.wrap(sent, at).records();
                    while (cursor.next()) {
                        offsets.add(cursor.offset());
                    }
                    sent.position(at + batch.sizeInBytes());
                }
            } catch (InvalidBatchException e) {
                throw new AssertionError(e);
            }
            bytes.release();
        }
    }
}
