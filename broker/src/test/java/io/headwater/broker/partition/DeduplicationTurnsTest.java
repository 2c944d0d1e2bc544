package io.headwater.broker.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.PartitionInfo;
import io.headwater.broker.metadata.TopicPolicy;
import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.queue.Now;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.record.Compression;
import io.headwater.record.EventTimes;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordBatchBuilder;
import io.headwater.record.RecordHeader;
import io.headwater.storage.DataDirectory;
import io.headwater.storage.SteppedDirectory;
import io.headwater.storage.testing.MemoryDisk;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an owner does about message ids in its turns, and what they take of the heap. */
class DeduplicationTurnsTest {
    private static final int BATCH = 100;
    private static final long WINDOW_MS = 60_000;
    private static final PartitionInfo INFO = new PartitionInfo(1, 1, "jobs", 0, 1);

    private final HeapBudget budget = new HeapBudget(1 << 20);
    private long nowMs = 1_800_000_000_000L;
    private DataDirectory data;
    private Partition partition;
    private final ReadBuffer buffer = new ReadBuffer(1 << 20);

    @BeforeEach
    void open() throws Exception {
        data = SteppedDirectory.open(Path.of("/data"), new MemoryDisk(), () -> nowMs, Runnable::run);
        partition = opened();
    }

    @AfterEach
    void close() throws Exception {
        data.close();
    }

    /** As after a start: nothing is known of the ids that the log has. */
    private Partition opened() throws Exception {
        Partition made = Partition.open(
                INFO,
                data.log(INFO.partitionId()),
                new OwnDisk(data.log(INFO.partitionId()), INFO.epoch()),
                () -> nowMs,
                List.of(),
                budget,
                new Now(0, nowMs));
        made.work(with(new TopicPolicy.Dedup(WINDOW_MS, 2_000_000)));
        return made;
    }

    private static TopicPolicy.Work with(TopicPolicy.Dedup dedup) {
        TopicPolicy.Work none = TopicPolicy.Work.NONE;
        return new TopicPolicy.Work(none.untilAcked(), none.ackedGraceMs(), none.limits(), none.deadLetter(), dedup);
    }

    /** Null: it was appended. */
    private Error append(String id, int records, int valueBytes) throws Exception {
        ByteBuffer target = ByteBuffer.allocate(1 << 20);
        RecordBatchBuilder builder = new RecordBatchBuilder(Compression.NONE).reset(target);
        for (int i = 0; i < records; i++) {
            byte[] text = (id + i).getBytes(StandardCharsets.UTF_8);
            List<RecordHeader> headers = id.isEmpty() ? List.of() : List.of(new RecordHeader(MessageIds.HEADER, text));
            assertTrue(builder.append(nowMs, null, new byte[valueBytes], headers));
        }
        builder.finish(-1, (short) -1, -1);
        RecordBatch batch = new RecordBatch().wrap(target, 0);
        // Its producer did not say that it has headers of this kind: they count all the same.
        return partition.append(batch, new EventTimes(), null).error();
    }

    private void readAll() throws Exception {
        int turns = 0;
        while (partition.deduplication().wantsToRead()) {
            partition.readIds(buffer, 1 << 20);
            assertTrue(++turns < 1_000, "no end");
        }
    }

    private void fill(int batches, int valueBytes) throws Exception {
        assertNotNull(append("first", 1, 1), "nothing is known yet");
        readAll();
        for (int i = 0; i < batches; i++) {
            assertNull(append("id" + i + "-", BATCH, valueBytes));
        }
        partition.flush();
    }

    @Test
    void theWindowIsReadInTurnsAndNobodyWithoutAnIdWaits() throws Exception {
        fill(40, 1_000);
        partition.close();
        partition = opened();
        assertFalse(partition.deduplication().wantsToRead(), "nobody has asked");

        Error wait = append("id7-", BATCH, 1_000);
        assertEquals(ErrorCode.ERROR_OVERLOADED, wait.getCode());
        assertTrue(wait.getRetriable() && wait.getRetryAfterMs() > 0, wait.toString());
        int turns = 0;
        while (partition.deduplication().wantsToRead()) {
            assertNull(append("", 1, 1), "without an id");
            assertNotNull(append("id7-", BATCH, 1_000));
            partition.readIds(buffer, 1 << 20);
            turns++;
        }
        // 4 MB in steps of a mebibyte at most.
        assertTrue(turns >= 4 && turns < 40, "turns: " + turns);

        long end = partition.log().endOffset();
        assertNull(append("id7-", BATCH, 1_000));
        assertEquals(BATCH, partition.deduplication().dropped());
        assertEquals(end + BATCH, partition.log().endOffset(), "holes");
    }

    @Test
    void withoutHeapNothingIsStoredOfWhichTheIdIsNotKnown() throws Exception {
        fill(0, 1);
        int batches = 0;
        Error full = append("a" + batches + "-", BATCH, 1);
        while (full == null) {
            batches++;
            full = append("a" + batches + "-", BATCH, 1);
            assertTrue(batches < 1_000, "no cap");
        }
        assertTrue(full.getMessage().contains("queues.memory"), full.getMessage());
        assertEquals(ErrorCode.ERROR_OVERLOADED, full.getCode());
        assertTrue(full.getRetriable() && full.getRetryAfterMs() > 0, full.toString());
        assertTrue(batches * BATCH > 10_000, "ids: " + batches * BATCH);
        assertTrue(budget.usedBytes() <= budget.maxBytes(), "used: " + budget.usedBytes());

        long end = partition.log().endOffset();
        assertNull(append("", 1, 1), "without an id");
        assertNull(append("a0-", BATCH, 1), "known ids need no room");
        assertEquals(BATCH, partition.deduplication().dropped());
        assertEquals(end + 1 + BATCH, partition.log().endOffset());

        // The window is over, and no record with an id comes.
        nowMs += 2 * WINDOW_MS;
        partition.deduplication().expire(nowMs);
        assertEquals(0, budget.usedBytes());
        assertNull(append("b", BATCH, 1));
        partition.close();
        assertEquals(0, budget.usedBytes());
    }

    /** After a start with less memory, or beside others that have it: it goes on when there is some. */
    @Test
    void aWindowThatDoesNotFitInTheHeapIsReadWhenThereIsRoom() throws Exception {
        fill(100, 1);
        partition.close();
        partition = opened();
        long others = budget.maxBytes() - 10_000;
        assertTrue(budget.usedBytes() == 0);
        budget.changed(HeapBudget.Use.RECORDS, others);

        append("id7-", BATCH, 1);
        readAll();
        Error full = append("id7-", BATCH, 1);
        assertTrue(full.getMessage().contains("queues.memory"), full.getMessage());
        readAll();
        budget.changed(HeapBudget.Use.RECORDS, -others);
        assertNotNull(append("id7-", BATCH, 1));
        readAll();
        assertNull(append("id7-", BATCH, 1));
        assertEquals(BATCH, partition.deduplication().dropped());
    }

    /** It is the ids that are counted, and not the records. */
    @Test
    void aLargeBatchWithFewIdsIsTaken() throws Exception {
        partition.work(with(new TopicPolicy.Dedup(WINDOW_MS, 1_000)));
        append("first", 1, 1);
        readAll();
        assertNull(append("", 2_000, 1));
        assertNull(append("id", 999, 1));
        assertNull(append("id", 999, 1), "known ones need no room");
        assertNull(append("one", 1, 1));
        assertNotNull(append("two", 1, 1));
        assertEquals(ErrorCode.ERROR_QUEUE_FULL, append("many", 1_001, 1).getCode());
    }
}
