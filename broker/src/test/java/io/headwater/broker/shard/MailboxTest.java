package io.headwater.broker.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class MailboxTest {
    private static final int LIMIT = 8;

    private final Mailbox mailbox = new Mailbox(LIMIT);
    private int ran;
    private int refused;

    private final Task counting = new Task() {
        @Override
        public void run(Shard shard) {
            ran++;
        }

        @Override
        public void refuse(Error why) {
            refused++;
        }
    };

    @Test
    void refusesRequestsAboveItsLimitAndHasAReserveForWhatMustNotBeLost() {
        for (int i = 0; i < LIMIT; i++) {
            assertTrue(mailbox.offer(counting));
        }
        assertTrue(mailbox.isFull());
        assertFalse(mailbox.offer(counting));
        for (int i = 0; i < LIMIT; i++) {
            assertTrue(mailbox.offerUrgent(counting));
        }
        assertFalse(mailbox.offerUrgent(counting));
        for (int i = 0; i < 1000; i++) {
            mailbox.signal(counting);
        }

        drainAll();

        assertEquals(LIMIT * 2 + 1000, ran);
    }

    @Test
    void refusesWhatIsLeftWhenItsOwnerHasEnded() {
        mailbox.offer(counting);
        mailbox.signal(counting);

        mailbox.refuseAll(Errors.of(ErrorCode.ERROR_SHUTTING_DOWN, "bye"));

        assertEquals(2, refused);
        assertEquals(0, ran);
    }

    @Test
    void drainsNoMoreThanAskedForSoThatATurnEnds() {
        for (int i = 0; i < LIMIT; i++) {
            mailbox.offer(counting);
        }

        mailbox.drain(null, 3);

        assertEquals(3, ran);
        assertEquals(LIMIT - 3, mailbox.size());
    }

    @Test
    @Timeout(60)
    void neverSleepsThroughAValue() throws Exception {
        Mailbox small = new Mailbox(64);
        int each = 20_000;
        int senders = 3;
        AtomicInteger done = new AtomicInteger();
        Task count = new Task() {
            @Override
            public void run(Shard shard) {
                done.incrementAndGet();
            }

            @Override
            public void refuse(Error why) {}
        };
        Thread owner = new Thread(() -> {
            while (done.get() < each * senders) {
                // A turn without work sleeps at once: every lost wake-up would hang this test.
                if (small.drain(null, 16) == 0) {
                    small.sleep();
                }
            }
        });
        owner.start();
        List<Thread> threads = new ArrayList<>();
        for (int s = 0; s < senders; s++) {
            Thread sender = new Thread(() -> {
                for (int i = 0; i < each; i++) {
                    while (!small.offer(count)) {
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

    @SuppressWarnings("NullAway") // The counting task looks at no shard.
    private void drainAll() {
        while (mailbox.drain(null, 100) > 0) {
            // again
        }
    }
}
