package io.headwater.client;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/** How much memory a producer's batches may take. Whoever would go over it waits: that is the producer's backpressure. */
final class MemoryBudget {
    private final long limitBytes;
    private final AtomicLong used = new AtomicLong();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition released = lock.newCondition();
    private final AtomicInteger waiters = new AtomicInteger();

    MemoryBudget(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /** Does not wait. One reservation may exceed the limit where nothing else is reserved, so that large records move. */
    boolean tryReserve(int bytes) {
        while (true) {
            long now = used.get();
            if (now != 0 && now + bytes > limitBytes) {
                return false;
            }
            if (used.compareAndSet(now, now + bytes)) {
                return true;
            }
        }
    }

    /** Waits for room. False: the time was up. */
    boolean reserve(int bytes, long timeoutNs) throws InterruptedException {
        long leftNs = timeoutNs;
        lock.lockInterruptibly();
        try {
            waiters.incrementAndGet();
            while (!tryReserve(bytes)) {
                if (leftNs <= 0) {
                    return false;
                }
                leftNs = released.awaitNanos(leftNs);
            }
            return true;
        } finally {
            waiters.decrementAndGet();
            lock.unlock();
        }
    }

    void release(int bytes) {
        used.addAndGet(-bytes);
        if (waiters.get() > 0) {
            lock.lock();
            try {
                released.signalAll();
            } finally {
                lock.unlock();
            }
        }
    }

    /** Somebody waits: batches that linger should leave. */
    boolean isWanted() {
        return waiters.get() > 0;
    }

    long usedBytes() {
        return used.get();
    }
}
