package io.headwater.broker.copy;

import io.headwater.storage.DiskFullException;
import io.headwater.storage.Marks;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the promises of all replicas of one data directory into its marks, off the owners' threads. Those that come while
 * a sync runs share the next one: a failover that seals a thousand partitions costs a few. Any thread.
 */
public final class PromiseKeeper {
    private static final Logger LOG = LoggerFactory.getLogger(PromiseKeeper.class);

    private record Wanted(CopyPromises by, int epoch) {}

    private final Marks marks;
    private final Executor executor;
    /** Held while the marks are written, so that {@link #close} can wait for that. */
    private final Object writing = new Object();

    private final Object queue = new Object();
    private List<Wanted> wanted = new ArrayList<>();
    private boolean running;

    /** @param executor runs one thing at a time, which waits for the disk; never on an owner's thread */
    public PromiseKeeper(Marks marks, Executor executor) {
        this.marks = marks;
        this.executor = executor;
    }

    void store(CopyPromises by, int epoch) {
        synchronized (queue) {
            wanted.add(new Wanted(by, epoch));
        }
        retry();
    }

    /** What a full disk left undone; to be called every second or so. Costs nothing if there is nothing. */
    public void retry() {
        synchronized (queue) {
            if (running || wanted.isEmpty()) {
                return;
            }
            running = true;
        }
        executor.execute(this::run);
    }

    private void run() {
        boolean goesOn = true;
        while (goesOn) {
            List<Wanted> batch;
            synchronized (queue) {
                batch = wanted;
                wanted = new ArrayList<>();
                running = !batch.isEmpty();
            }
            goesOn = !batch.isEmpty() && write(batch);
        }
    }

    /** Whether to go on with what came meanwhile. */
    private boolean write(List<Wanted> batch) {
        try {
            try {
                writeOnce(batch);
            } catch (DiskFullException e) {
                throw e;
            } catch (IOException e) {
                // Nothing is lost yet: the marks write their file anew now, and sync that.
                LOG.warn("promises of {} replicas: written once more: {}", batch.size(), e.getMessage());
                writeOnce(batch);
            }
        } catch (DiskFullException e) {
            LOG.warn("promises of {} replicas are not kept yet: {}", batch.size(), e.getMessage());
            synchronized (queue) {
                wanted.addAll(batch);
                running = false;
            }
            return false;
        } catch (IOException | RuntimeException e) {
            LOG.error("promises of {} replicas are lost", batch.size(), e);
            batch.forEach(each -> each.by().tellLost(e));
            return true;
        }
        batch.forEach(each -> each.by().tellDurable(each.epoch()));
        return true;
    }

    private void writeOnce(List<Wanted> batch) throws IOException {
        synchronized (writing) {
            batch.removeIf(each -> each.by().closed);
            long[] partitionIds =
                    batch.stream().mapToLong(each -> each.by().partitionId).toArray();
            // A replica that never had an entry may not be known yet.
            marks.expect(Arrays.stream(partitionIds).distinct().toArray());
            marks.promise(partitionIds, batch.stream().mapToInt(Wanted::epoch).toArray());
        }
    }

    void close(CopyPromises promises) {
        synchronized (writing) {
            promises.closed = true;
        }
    }
}
