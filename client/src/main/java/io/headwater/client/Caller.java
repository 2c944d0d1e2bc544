package io.headwater.client;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.FrameType;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The blocking door to a {@link Cluster}, for user threads. */
final class Caller {
    /** Every call is answered in its own time; waiting longer than that means that its loop is gone. */
    private static final long GRACE_NS = 5_000_000_000L;

    private final Cluster cluster;

    Caller(Cluster cluster) {
        this.cluster = cluster;
    }

    Cluster cluster() {
        return cluster;
    }

    <M extends MessageLite> M call(FrameType type, MessageLite request, Call.Repeat repeat, Class<M> reply) {
        return await(start(type, request, repeat, reply));
    }

    /** From any thread; completes on the loop. */
    <M extends MessageLite> CompletableFuture<M> start(
            FrameType type, MessageLite request, Call.Repeat repeat, Class<M> reply) {
        CompletableFuture<M> future = new CompletableFuture<>();
        onLoop(
                () -> cluster.call(type, request, repeat, new ReplyHandler() {
                    @Override
                    public void replied(MessageLite message) {
                        future.complete(reply.cast(message));
                    }

                    @Override
                    public void failed(HeadwaterException why) {
                        future.completeExceptionally(why);
                    }
                }),
                future);
        return future;
    }

    private void onLoop(Runnable task, CompletableFuture<?> future) {
        try {
            cluster.loop().execute(task);
        } catch (java.util.concurrent.RejectedExecutionException e) {
            future.completeExceptionally(WireErrors.closed("client"));
        }
    }

    /** Waits for what the loop will complete. Not on the loop. */
    <T> T await(CompletableFuture<T> future) {
        if (cluster.loop().isCurrent() && !future.isDone()) {
            throw new IllegalStateException("this would block the client's network thread (expected: another thread)");
        }
        try {
            return future.get(cluster.settings().timeoutNs() + GRACE_NS, TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof HeadwaterException known) {
                throw known;
            }
            throw new IllegalStateException("unexpected failure", e.getCause());
        } catch (TimeoutException e) {
            throw new HeadwaterException.OutcomeUnknown(WireErrors.TIMEOUT, "the client's network thread is stuck");
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HeadwaterException.OutcomeUnknown("INTERRUPTED", "interrupted while waiting for an answer");
        }
    }
}
