package io.headwater.broker.work;

import io.headwater.broker.metadata.TopicPolicy;
import io.headwater.broker.partition.Partition;
import io.headwater.broker.partition.PartitionReport;
import io.headwater.broker.queue.Now;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.storage.StorageException;

/**
 * Lets records die that have waited for longer than their topic allows. Times in the log never fall: which records came
 * too long ago is one offset, found by the log's index when the next record becomes too old.
 */
final class AgeLimit {
    /** The log is not asked more often: a record may live so much longer. */
    private static final long LOOK_MS = 100;
    /** Nor less often, for the wall clock may jump. */
    private static final long LONGEST_MS = 1_000;

    private static final long NEVER = Long.MAX_VALUE;

    private final Partition partition;
    private long tooOldBefore;
    private long dueBeforeMs;
    /** On the monotonic clock; {@link #NEVER}: there is no such limit. */
    private long lookAtMs = NEVER;

    AgeLimit(Partition partition) {
        this.partition = partition;
    }

    /** Looks at the log if it is time. To be called once a turn, before {@link #bury}. */
    void look(Now now) throws StorageException {
        long maxAgeMs = partition.work().limits().maxAgeMs();
        if (maxAgeMs == TopicPolicy.NO_LIMIT) {
            if (lookAtMs != NEVER) {
                lookAtMs = NEVER;
                partition.queues().engines().forEach(QueueEngine::ageNoMore);
            }
            return;
        }
        if (lookAtMs != NEVER && now.monotonicMs() < lookAtMs) {
            return;
        }
        long end = partition.committedOffset();
        dueBeforeMs = now.wallMs() - maxAgeMs + 1;
        tooOldBefore = Math.min(end, partition.log().offsetForIngestionTime(dueBeforeMs));
        long inMs = tooOldBefore < end
                ? PartitionReport.ingestionTimeMs(partition, tooOldBefore) - dueBeforeMs + 1
                : Math.min(maxAgeMs, LONGEST_MS);
        lookAtMs = now.monotonicMs() + Math.max(LOOK_MS, Math.min(LONGEST_MS, inMs));
    }

    /** True: there is more to do in the next turn. */
    boolean bury(QueueEngine engine, Now now) {
        return lookAtMs != NEVER
                && engine.age(tooOldBefore, dueBeforeMs, now, partition.queues().ops());
    }

    /** The largest long: never, as long as nothing else happens. */
    long nextLookInMs(Now now) {
        boolean isIdle = lookAtMs == NEVER
                || partition.queues().floor() >= partition.log().endOffset();
        return isIdle ? NEVER : lookAtMs - now.monotonicMs();
    }
}
