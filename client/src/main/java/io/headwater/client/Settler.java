package io.headwater.client;

import com.google.protobuf.MessageLite;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.QueueSettle;
import io.headwater.protocol.wire.QueueSettleReply;
import io.headwater.protocol.wire.SettleProblem;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a consumer says about the records of one partition, on its way to the broker, in order. Natural batching: while
 * few requests are on their way, all that waits leaves in one. A request whose connection is lost, or whose partition
 * another broker leads now, is repeated word for word: the same said twice gets the same answer.
 */
final class Settler {
    /** One in the broker's sync, one behind it. */
    private static final int MAX_IN_FLIGHT = 2;
    /** Of one request: with a reason each, it is a frame of half a MiB. */
    private static final int MAX_LEASES = 2_000;

    private final Cluster cluster;
    private final long partitionId;
    private final int groupId;
    private final Consumer<LeasedRecord> stale;

    // Guarded by this.
    private final ArrayDeque<SettleFuture> waiting = new ArrayDeque<>();
    /** The loop will look at what waits. */
    private boolean scheduled;

    private boolean closed;

    // The loop's.
    private int inFlight;
    private @Nullable CompletableFuture<@Nullable Void> idle;

    /** @param stale told, on the loop, of records whose leases are not valid any more, as the broker says */
    Settler(Cluster cluster, long partitionId, int groupId, Consumer<LeasedRecord> stale) {
        this.stale = stale;
        this.cluster = cluster;
        this.partitionId = partitionId;
        this.groupId = groupId;
    }

    /** From any thread; the future completes on the loop. */
    void settle(SettleFuture future) {
        boolean refused;
        boolean schedule;
        synchronized (this) {
            refused = closed;
            schedule = !refused && !scheduled;
            if (!refused) {
                waiting.add(future);
                scheduled = true;
            }
        }
        if (refused) {
            future.completeExceptionally(WireErrors.closed("consumer"));
        } else if (schedule) {
            try {
                cluster.loop().execute(this::send);
            } catch (RejectedExecutionException e) {
                close();
            }
        }
    }

    private void send() {
        List<SettleFuture> leaving = takeWaiting();
        while (!leaving.isEmpty()) {
            inFlight++;
            QueueSettle.Builder request =
                    QueueSettle.newBuilder().setPartitionId(partitionId).setGroupId(groupId);
            List<SettleFuture> sent = leaving;
            List<Integer> starts = pack(sent, request);
            long sentNs = cluster.loop().nowNs();
            cluster.call(FrameType.QUEUE_SETTLE, request.build(), Call.Repeat.SAFE, new ReplyHandler() {
                @Override
                public void replied(MessageLite reply) {
                    settled(sent, starts, (QueueSettleReply) reply, sentNs);
                    answered();
                }

                @Override
                public void failed(HeadwaterException why) {
                    sent.forEach(future -> future.completeExceptionally(why));
                    answered();
                }
            });
            leaving = takeWaiting();
        }
        completeIfIdle();
    }

    /** What may leave now; the next answer looks again where it is not all. */
    private synchronized List<SettleFuture> takeWaiting() {
        int count = inFlight < MAX_IN_FLIGHT ? Math.min(waiting.size(), MAX_LEASES) : 0;
        List<SettleFuture> taken = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            taken.add(waiting.remove());
        }
        scheduled = !waiting.isEmpty();
        return taken;
    }

    /** What follows one another and says the same shares a settlement; returns where each of these starts. */
    private static List<Integer> pack(List<SettleFuture> futures, QueueSettle.Builder request) {
        List<Integer> starts = new ArrayList<>();
        int from = 0;
        while (from < futures.size()) {
            Settlement said = futures.get(from).settlement;
            var settlement = QueueWire.settlement(said);
            boolean isFirstTime = true;
            int to = from;
            long last = 0;
            while (to < futures.size() && futures.get(to).settlement.equals(said)) {
                LeasedRecord record = futures.get(to).record;
                settlement.addOffsetSteps(record.offset() - last);
                last = record.offset();
                isFirstTime &= record.deliveries() == 1;
                to++;
            }
            for (int i = from; i < to && !isFirstTime; i++) {
                settlement.addAttempts(futures.get(i).record.deliveries());
            }
            SettleFuture end = futures.get(to - 1);
            request.addSettlements(
                    settlement.setProcessingStartMs(end.processingStartMs).setProcessingEndMs(end.processingEndMs));
            starts.add(from);
            from = to;
        }
        return starts;
    }

    private void settled(List<SettleFuture> futures, List<Integer> starts, QueueSettleReply reply, long sentNs) {
        for (SettleProblem problem : reply.getProblemsList()) {
            SettleFuture future = futures.get(starts.get(problem.getSettlement()) + problem.getLease());
            future.record.becomeStale();
            future.record.subscription().held.remove(future.record);
            stale.accept(future.record);
            future.completeExceptionally(WireErrors.stale(future.record.toString(), problem));
        }
        for (SettleFuture future : futures) {
            if (future.settlement.verb() != Settlement.Verb.EXTEND) {
                future.record.subscription().held.remove(future.record);
            } else if (!future.isDone()) {
                future.record.extendedUntil(sentNs + future.settlement.delayMs() * 1_000_000);
            }
            future.complete(null);
        }
    }

    private void answered() {
        inFlight--;
        send();
    }

    /** Completes when all that was said so far is answered, whatever the answer. On the loop. */
    CompletableFuture<@Nullable Void> whenIdle() {
        CompletableFuture<@Nullable Void> promise = idle;
        if (promise == null) {
            promise = new CompletableFuture<>();
            idle = promise;
        }
        completeIfIdle();
        return promise;
    }

    private void completeIfIdle() {
        CompletableFuture<@Nullable Void> promise = idle;
        if (promise != null && inFlight == 0 && isNothingWaiting()) {
            idle = null;
            promise.complete(null);
        }
    }

    private synchronized boolean isNothingWaiting() {
        return waiting.isEmpty();
    }

    /** Nothing is taken any more, and what waits fails; what is on its way is still answered. */
    void close() {
        List<SettleFuture> left;
        synchronized (this) {
            closed = true;
            left = new ArrayList<>(waiting);
            waiting.clear();
        }
        left.forEach(future -> future.completeExceptionally(WireErrors.closed("consumer")));
    }
}
