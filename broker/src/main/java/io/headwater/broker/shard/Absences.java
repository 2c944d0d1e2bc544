package io.headwater.broker.shard;

import io.headwater.storage.StorageException;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.Long2ObjectHashMap;
import org.agrona.collections.LongHashSet;
import org.jspecify.annotations.Nullable;

/** Copies that should be open here and are not: broken until a restart, or not to be opened just now. */
final class Absences {
    private static final long AGAIN_MS = 500;

    private final ShardGauges gauges;
    private final Long2ObjectHashMap<StorageException> broken = new Long2ObjectHashMap<>();
    private final LongHashSet delayed = new LongHashSet();
    private long triedMs;

    Absences(ShardGauges gauges) {
        this.gauges = gauges;
    }

    /** Its log cannot be read or written, or must not be, before this broker starts again. */
    void broke(long partitionId, StorageException why) {
        broken.put(partitionId, why);
        gauges.offlinePartitions = broken.size();
    }

    /** Why it is broken; null: it is not. */
    @Nullable
    StorageException broken(long partitionId) {
        return broken.get(partitionId);
    }

    /** It could not be opened, and may be soon. False: that is known. */
    boolean delay(long partitionId) {
        return delayed.add(partitionId);
    }

    /** It is open, or has gone. */
    void end(long partitionId) {
        delayed.remove(partitionId);
        broken.remove(partitionId);
        gauges.offlinePartitions = broken.size();
    }

    List<Long> all() {
        List<Long> all = new ArrayList<>(broken.keySet());
        all.addAll(delayed);
        return all;
    }

    /** Those to be tried again now. */
    long[] due(long nowMs) {
        if (delayed.isEmpty() || nowMs - triedMs < AGAIN_MS) {
            return new long[0];
        }
        triedMs = nowMs;
        return delayed.stream().mapToLong(Long::longValue).toArray();
    }

    /** In how many milliseconds there is one; the largest long: not before something happens. */
    long nextInMs(long nowMs) {
        return delayed.isEmpty() ? Long.MAX_VALUE : Math.max(0, triedMs + AGAIN_MS - nowMs);
    }
}
