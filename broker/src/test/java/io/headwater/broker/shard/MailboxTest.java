package io.headwater.broker.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class MailboxTest {
    private static final int LIMIT = 8;
    private static final int ROUNDS = Integer.getInteger("headwater.wakes", 3_000);

    private final Mailbox mailbox = new Mailbox(LIMIT);
    private final Value value = new Value();
    private int taken;

    /** Counts how often it is refused. */
    private static final class Value implements Task {
        int refused;

        @Override
        public void run(Shard shard) {
            throw new IllegalStateException("handed over, not run");
        }

        @Override
        public void refuse(Error why) {
            refused++;
        }
    }

    @Test
    void refusesRequestsAboveItsLimitAndHasAReserveForWhatMustNotBeLost() {
        for (int i = 0; i < LIMIT; i++) {
            assertTrue(mailbox.offer(value));
        }
        assertTrue(mailbox.isFull());
        assertFalse(mailbox.offer(value));
        for (int i = 0; i < LIMIT; i++) {
            assertTrue(mailbox.offerUrgent(value));
        }
        assertFalse(mailbox.offerUrgent(value));
        for (int i = 0; i < 1000; i++) {
            mailbox.signal(value);
        }

        while (mailbox.drain(task -> taken++, 100) > 0) {
            // again
        }

        assertEquals(LIMIT * 2 + 1000, taken);
    }

    @Test
    void refusesWhatIsLeftWhenItsOwnerHasEnded() {
        mailbox.offer(value);
        mailbox.signal(value);

        mailbox.refuseAll(Errors.of(ErrorCode.ERROR_SHUTTING_DOWN, "bye"));

        assertEquals(2, value.refused);
    }

    @Test
    void handsOverNoMoreThanAskedForSoThatATurnEnds() {
        for (int i = 0; i < LIMIT; i++) {
            mailbox.offer(value);
        }

        mailbox.drain(task -> taken++, 3);

        assertEquals(3, taken);
        assertEquals(LIMIT - 3, mailbox.size());
    }

    @Test
    @Timeout(60)
    void neverSleepsThroughAValue() throws Exception {
        Mailbox small = new Mailbox(64);
        int each = 20_000;
        int senders = 3;
        AtomicInteger done = new AtomicInteger();
        Thread owner = new Thread(() -> {
            while (done.get() < each * senders) {
                // A turn without work sleeps at once: every lost wake-up would hang this test.
                if (small.drain(task -> done.incrementAndGet(), 16) == 0) {
                    small.sleep(Long.MAX_VALUE);
                }
            }
        });
        owner.start();
        List<Thread> threads = new ArrayList<>();
        for (int s = 0; s < senders; s++) {
            Thread sender = new Thread(() -> {
                for (int i = 0; i < each; i++) {
                    while (!small.offer(value)) {
                        Thread.onSpinWait();
                    }
                }
            });
            threads.add(sender);
            sender.start();
        }
        for (Thread sender : threads) {
            sender.join();
        }
        owner.join(TimeUnit.SECONDS.toMillis(30));

        assertEquals(each * senders, done.get());
    }

    /** Each value comes when the owner is about to sleep, or sleeps, and nothing follows that would wake it instead. */
    @Test
    @Timeout(120)
    void wakesForTheLastValueToo() throws Exception {
        Mailbox lone = new Mailbox(64);
        Semaphore handled = new Semaphore(0);
        AtomicBoolean stop = new AtomicBoolean();
        Thread owner = new Thread(() -> {
            SplittableRandom random = new SplittableRandom(0);
            while (!stop.get()) {
                int ran = lone.drain(task -> {}, 16);
                handled.release(ran);
                if (ran == 0) {
                    pause(random);
                    lone.sleep(Long.MAX_VALUE);
                }
            }
        });
        owner.start();
        List<Runnable> ways = List.of(
                () -> assertTrue(lone.offer(value)),
                () -> assertTrue(lone.offerUrgent(value)),
                () -> lone.signal(value),
                lone::poke);
        CyclicBarrier together = new CyclicBarrier(ways.size() + 1);
        List<Thread> senders = new ArrayList<>();
        for (Runnable way : ways) {
            SplittableRandom random = new SplittableRandom(senders.size() + 1);
            Thread sender = new Thread(() -> {
                for (int round = 0; round < ROUNDS; round++) {
                    await(together);
                    pause(random);
                    way.run();
                }
            });
            senders.add(sender);
            sender.start();
        }
        for (int round = 0; round < ROUNDS; round++) {
            await(together);
            assertTrue(handled.tryAcquire(ways.size(), 10, TimeUnit.SECONDS), "slept through a value");
        }
        stop.set(true);
        lone.poke();
        owner.join();
        for (Thread sender : senders) {
            sender.join();
        }
    }

    private static void pause(SplittableRandom random) {
        for (int spins = random.nextInt(1000); spins > 0; spins--) {
            Thread.onSpinWait();
        }
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
            throw new IllegalStateException(e);
        }
    }
}
