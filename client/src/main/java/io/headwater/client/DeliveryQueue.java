package io.headwater.client;

import java.util.ArrayDeque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** From the loop to the user's thread. Bounded by the credit that the subscriptions give. */
final class DeliveryQueue {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ArrayDeque<Delivery> deliveries = new ArrayDeque<>();
    private boolean nudged;

    void add(Delivery delivery) {
        lock.lock();
        try {
            deliveries.add(delivery);
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    void putBack(Delivery delivery) {
        lock.lock();
        try {
            deliveries.addFirst(delivery);
        } finally {
            lock.unlock();
        }
    }

    @Nullable
    Delivery poll() {
        lock.lock();
        try {
            return deliveries.poll();
        } finally {
            lock.unlock();
        }
    }

    /** Makes a waiting, or else the next, {@link #await} return. */
    void nudge() {
        lock.lock();
        try {
            nudged = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    /** Waits for a delivery or a nudge. Returns what is left of the time; 0 or less: it is up. */
    long await(long timeoutNs) throws InterruptedException {
        long leftNs = timeoutNs;
        lock.lockInterruptibly();
        try {
            while (deliveries.isEmpty() && !nudged && leftNs > 0) {
                leftNs = changed.awaitNanos(leftNs);
            }
            nudged = false;
            return leftNs;
        } finally {
            lock.unlock();
        }
    }
}
