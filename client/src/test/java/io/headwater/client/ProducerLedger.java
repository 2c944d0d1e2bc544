package io.headwater.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.fake.FakePartition;
import io.headwater.record.Envelope;
import io.headwater.record.RecordBatch;
import io.headwater.record.RecordCursor;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.NullUnmarked;

/** What was sent to each partition, what was said about it, and whether that is what the partitions hold. */
@NullUnmarked
final class ProducerLedger {
    private final List<List<CompletableFuture<Producer.Acknowledgement>>> sent = new ArrayList<>();

    ProducerLedger(int partitions) {
        for (int i = 0; i < partitions; i++) {
            sent.add(new ArrayList<>());
        }
    }

    CompletableFuture<Producer.Acknowledgement> send(PartitionQueue queue, int at, int padding) {
        String value = at + ":" + sent.get(at).size() + ":" + "x".repeat(padding);
        CompletableFuture<Producer.Acknowledgement> future =
                queue.append(ProducerRecord.ofUtf8("t", null, value), 1, 0);
        sent.get(at).add(future);
        return future;
    }

    List<CompletableFuture<Producer.Acknowledgement>> sent(int at) {
        return sent.get(at);
    }

    List<CompletableFuture<Producer.Acknowledgement>> futures() {
        return sent.stream().flatMap(List::stream).toList();
    }

    /**
     * What was acknowledged is stored once, at the offset that was told; what failed definitely is not stored; what is
     * unknown is stored at most once; and all of it in the order of sending.
     *
     * @return how each ended: acknowledged, as a duplicate, unknown, failed
     */
    String check(List<FakePartition> partitions) throws Exception {
        StringBuilder trace = new StringBuilder();
        for (int p = 0; p < sent.size(); p++) {
            Map<Integer, Long> stored = stored(partitions.get(p), p);
            for (int i = 0; i < sent.get(p).size(); i++) {
                CompletableFuture<Producer.Acknowledgement> future = sent.get(p).get(i);
                Long offset = stored.get(i);
                if (!future.isCompletedExceptionally()) {
                    assertNotNull(offset, "acknowledged and not stored: " + p + ":" + i);
                    assertEquals(offset, future.join().offset());
                    trace.append(future.join().duplicate() ? 'D' : 'A');
                } else {
                    HeadwaterException why =
                            (HeadwaterException) future.handle((ok, e) -> e).join();
                    boolean unknown = why instanceof HeadwaterException.OutcomeUnknown;
                    assertTrue(unknown || offset == null, "failed definitely and stored: " + p + ":" + i);
                    trace.append(unknown ? 'U' : 'F');
                }
            }
        }
        return trace.toString();
    }

    /** Number → offset; fails on disorder and repetition. */
    private static Map<Integer, Long> stored(FakePartition partition, int p) throws Exception {
        Map<Integer, Long> stored = new HashMap<>();
        int last = -1;
        for (FakePartition.Entry entry : partition.entries) {
            RecordCursor cursor = new RecordBatch()
                    .wrap(ByteBuffer.wrap(entry.bytes()), Envelope.SIZE)
                    .records();
            while (cursor.next()) {
                String[] value = new String(cursor.value(), StandardCharsets.UTF_8).split(":");
                assertEquals(p, Integer.parseInt(value[0]));
                int number = Integer.parseInt(value[1]);
                assertFalse(stored.containsKey(number), "stored twice: " + p + ":" + number);
                assertTrue(number > last, "out of order: " + p + ":" + number + " after " + last);
                last = number;
                stored.put(number, cursor.offset());
            }
        }
        return stored;
    }
}
