package io.headwater.cli.queue;

import io.headwater.client.HeadwaterException;
import io.headwater.client.QueueAdmin.Description;
import io.headwater.client.QueueAdmin.PartitionStatus;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Looks at a group a few times a second, on a thread of its own, until nothing is left to do in it. */
final class EmptyWatch implements AutoCloseable {
    private static final long EVERY_MS = 200;

    private final Supplier<Description> group;
    private final Runnable onEmpty;
    private final CountDownLatch stopped = new CountDownLatch(1);
    private volatile @Nullable HeadwaterException failure;

    /** @param onEmpty called once, also when it cannot look any more; may wait */
    EmptyWatch(Supplier<Description> group, Runnable onEmpty) {
        this.group = group;
        this.onEmpty = onEmpty;
    }

    void start() {
        Thread thread = new Thread(this::watch, "queue-work-watch");
        thread.setDaemon(true);
        thread.start();
    }

    private void watch() {
        try {
            while (!isEmpty(group.get())) {
                if (stopped.await(EVERY_MS, TimeUnit.MILLISECONDS)) {
                    return;
                }
            }
        } catch (HeadwaterException e) {
            if (stopped.getCount() == 0) {
                return;
            }
            failure = e;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        onEmpty.run();
    }

    /** No record is ready, leased or waiting. While a partition is opening, nobody knows. */
    static boolean isEmpty(Description group) {
        return group.partitions().stream()
                        .allMatch(partition -> partition.state().equals("online"))
                && WorkText.sum(group, PartitionStatus::ready)
                                + WorkText.sum(group, PartitionStatus::waiting)
                                + WorkText.sum(group, PartitionStatus::leased)
                        == 0;
    }

    /** Throws what it failed with, if it did. */
    void rethrow() {
        HeadwaterException why = failure;
        if (why != null) {
            throw why;
        }
    }

    /** Does not look any more. */
    void stop() {
        stopped.countDown();
    }

    @Override
    public void close() {
        stop();
    }
}
