package io.headwater.client;

import io.headwater.protocol.wire.ProduceResult;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Records on their way to one partition, in memory that goes to the socket as it is. Guarded by its queue's lock until
 * it is resolved; resolved on the loop.
 */
final class Batch {
    final PartitionQueue queue;
    final int reservedBytes;
    final long createdNs;
    /** Where the records are built; the same memory as {@link #memory}. */
    final ByteBuffer target;

    private final ByteBuf memory;
    private @Nullable SendFuture first;
    private @Nullable SendFuture last;
    private @Nullable CompletableFuture<@Nullable Void> done;

    int records;
    /** Once sealed. */
    int sizeInBytes;

    int baseSequence;
    boolean reservedHeaders;
    boolean onWire;
    /** Counts its attempts: an answer to an earlier one says nothing any more. */
    int attempt;
    /** Some attempt ended without an answer: the broker may have stored it. */
    boolean maybeStored;

    /** Takes the memory, and the reservation for it. */
    Batch(PartitionQueue queue, ByteBuf memory, int reservedBytes, long createdNs) {
        this.queue = queue;
        this.memory = memory;
        this.reservedBytes = reservedBytes;
        this.createdNs = createdNs;
        this.target = memory.nioBuffer(0, reservedBytes);
    }

    SendFuture add() {
        SendFuture future = new SendFuture();
        if (last == null) {
            first = future;
        } else {
            last.next = future;
        }
        last = future;
        records++;
        return future;
    }

    /** A share of the sealed bytes for the socket, which releases it. */
    ByteBuf share() {
        return memory.retainedSlice(0, sizeInBytes);
    }

    /** Completes when all its records are answered, whatever the answer. */
    CompletableFuture<@Nullable Void> done() {
        if (done == null) {
            done = new CompletableFuture<>();
        }
        return done;
    }

    /** After {@link #release}. */
    void acknowledge(String topic, int partition, ProduceResult result) {
        AckLevel level = AckLevel.of(result.getLevel());
        long offset = result.getBaseOffset();
        for (SendFuture future = first; future != null; future = future.next) {
            future.complete(new Producer.Acknowledgement(
                    topic, partition, offset, result.getIngestionTimeMs(), result.getDuplicate(), level));
            offset++;
        }
        finish();
    }

    /** After {@link #release}. */
    void fail(HeadwaterException why) {
        for (SendFuture future = first; future != null; future = future.next) {
            future.completeExceptionally(why);
        }
        finish();
    }

    /** Gives the memory back; the socket may still hold its shares. Once. */
    void release(MemoryBudget budget) {
        memory.release();
        budget.release(reservedBytes);
    }

    private void finish() {
        CompletableFuture<@Nullable Void> waiting;
        synchronized (queue) {
            waiting = done;
        }
        if (waiting != null) {
            waiting.complete(null);
        }
    }
}
