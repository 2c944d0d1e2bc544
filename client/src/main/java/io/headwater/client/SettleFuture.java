package io.headwater.client;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** What was said about a record, and the promise of its answer: the one object that a settlement costs. */
final class SettleFuture extends CompletableFuture<@Nullable Void> {
    final LeasedRecord record;
    final Settlement settlement;
    final long processingStartMs;
    final long processingEndMs;

    /** Epoch milliseconds; 0: not reported. */
    SettleFuture(LeasedRecord record, Settlement settlement, long processingStartMs, long processingEndMs) {
        this.record = record;
        this.settlement = settlement;
        this.processingStartMs = processingStartMs;
        this.processingEndMs = processingEndMs;
    }
}
