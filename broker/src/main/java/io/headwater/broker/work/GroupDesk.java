package io.headwater.broker.work;

import io.headwater.broker.partition.DelayHistogram;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.Settlement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The consumers of one group in a partition, and what they tell of their work. */
final class GroupDesk {
    private final Set<Worker> workers = new LinkedHashSet<>();
    /** Those that may have credit; who waits longest stands first. */
    private final Set<Worker> waiting = new LinkedHashSet<>();

    final DelayHistogram timeInQueue = new DelayHistogram();
    final DelayHistogram processing = new DelayHistogram();

    /** Null: nobody, or the session is that of detached leases. */
    @Nullable
    Worker ofSession(long session) {
        if (session != 0) {
            for (Worker worker : workers) {
                if (worker.session() == session) {
                    return worker;
                }
            }
        }
        return null;
    }

    /** Those that take records; not those that only settle what they hold. */
    Collection<Worker> consumers() {
        List<Worker> consumers = new ArrayList<>(workers);
        consumers.removeIf(Worker::isClosing);
        return consumers;
    }

    boolean hasWorkers() {
        return !workers.isEmpty();
    }

    Collection<Worker> waiting() {
        return waiting;
    }

    void add(Worker worker) {
        workers.add(worker);
        waits(worker);
    }

    void waits(Worker worker) {
        if (worker.hasCredit()) {
            waiting.add(worker);
        }
    }

    /** It got something: whoever waits longer comes first. */
    void served(Worker worker) {
        waiting.remove(worker);
        waits(worker);
    }

    void remove(Worker worker) {
        workers.remove(worker);
        waiting.remove(worker);
    }

    void endAll(Error why) {
        List<Worker> all = new ArrayList<>(workers);
        workers.clear();
        waiting.clear();
        for (Worker worker : all) {
            worker.fail(why);
            worker.connection().wake();
        }
    }

    void leftQueue(long afterMs) {
        timeInQueue.record(afterMs, 1);
    }

    void processed(Settlement settlement) {
        if (settlement.getProcessingEndMs() > 0) {
            processing.record(
                    settlement.getProcessingEndMs() - settlement.getProcessingStartMs(),
                    settlement.getOffsetStepsCount());
        }
    }
}
