package io.headwater.broker.shard;

import io.headwater.protocol.wire.Error;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;
import org.agrona.concurrent.ManyToOneConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * The one way to an owner. Any thread puts values in; the owner drains them in batches. The owner is woken only when it
 * sleeps, that is from empty to non-empty.
 *
 * <p>Bounds: {@link #offer} refuses a request above the limit; {@link #offerUrgent} has a reserve above it, for what has
 * no answer that could say "try again"; {@link #signal} is never refused and bounded by its callers, who have at most a
 * few outstanding per connection.
 */
final class Mailbox {
    private final int limit;
    private final ManyToOneConcurrentArrayQueue<Task> requests;
    private final ManyToOneConcurrentLinkedQueue<Task> signals = new ManyToOneConcurrentLinkedQueue<>();
    private final AtomicBoolean asleep = new AtomicBoolean();
    private volatile boolean poked;
    private volatile @Nullable Thread owner;

    Mailbox(int limit) {
        this.limit = limit;
        this.requests = new ManyToOneConcurrentArrayQueue<>(limit * 2);
    }

    boolean isFull() {
        return requests.size() >= limit;
    }

    boolean offer(Task task) {
        return !isFull() && offerUrgent(task);
    }

    boolean offerUrgent(Task task) {
        if (!requests.offer(task)) {
            return false;
        }
        wake();
        return true;
    }

    void signal(Task task) {
        signals.offer(task);
        wake();
    }

    /** Makes the owner take a turn although nothing was put in. */
    void poke() {
        poked = true;
        wake();
    }

    /** How many values wait; for metrics. */
    int size() {
        return requests.size();
    }

    /** On the owner's thread: hands over what is there, up to a limit. Returns how many. */
    int drain(Consumer<Task> to, int most) {
        int ran = 0;
        Task next = signals.poll();
        while (next != null) {
            to.accept(next);
            ran++;
            next = signals.poll();
        }
        if (poked) {
            poked = false;
            ran++;
        }
        while (ran < most) {
            next = requests.poll();
            if (next == null) {
                break;
            }
            to.accept(next);
            ran++;
        }
        return ran;
    }

    /** After the owner has ended. */
    void refuseAll(Error why) {
        for (Task next = signals.poll(); next != null; next = signals.poll()) {
            next.refuse(why);
        }
        for (Task next = requests.poll(); next != null; next = requests.poll()) {
            next.refuse(why);
        }
    }

    /** On the owner's thread: sleeps until there is something to do, or for so long. */
    void sleep(long atMostNs) {
        owner = Thread.currentThread();
        asleep.set(true);
        if (requests.isEmpty() && signals.isEmpty() && !poked) {
            LockSupport.parkNanos(this, atMostNs);
        }
        asleep.set(false);
    }

    private void wake() {
        // The flag is written before the queues are looked at in sleep(), and read after they were written to here.
        if (asleep.get() && asleep.compareAndSet(true, false)) {
            LockSupport.unpark(owner);
        }
    }
}
