package io.headwater.cli.produce;

import io.headwater.client.Producer.Acknowledgement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * What the reader thread hands over: records that were sent, in order.
 *
 * @param firstLine the line of the first of them, counted from 1
 * @param acknowledgements one per line
 * @param bytes of these lines
 * @param isLast nothing comes after this
 * @param problem with {@code isLast}: why reading ended early, or null
 */
record Sent(
        long firstLine,
        List<CompletableFuture<Acknowledgement>> acknowledgements,
        long bytes,
        boolean isLast,
        @Nullable String problem) {}
