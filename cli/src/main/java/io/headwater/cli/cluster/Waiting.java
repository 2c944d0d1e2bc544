package io.headwater.cli.cluster;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.Terminal;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Looks again and again until something has come about, the time is up, or Ctrl-C. */
final class Waiting {
    private final Terminal terminal;
    private final CountDownLatch interrupted = new CountDownLatch(1);

    Waiting(Terminal terminal) {
        this.terminal = terminal;
    }

    /** Runs the look at once and then every so often, until it says true; false: interrupted. */
    boolean until(BooleanSupplier look, Duration every) {
        return await(look, every, Long.MAX_VALUE);
    }

    /** @throws CommandFailure when the time is up, with this message */
    void until(BooleanSupplier look, Duration every, Duration atMost, String message) {
        if (!await(look, every, atMost.toNanos())) {
            throw CommandFailure.failed(message);
        }
    }

    private boolean await(BooleanSupplier look, Duration every, long atMostNs) {
        boolean[] came = new boolean[1];
        terminal.interrupts().during(every, interrupted::countDown, () -> came[0] = loop(look, every, atMostNs));
        return came[0];
    }

    private boolean loop(BooleanSupplier look, Duration every, long atMostNs) {
        long startNs = terminal.nanoClock().getAsLong();
        try {
            while (!look.getAsBoolean()) {
                boolean isOver = terminal.nanoClock().getAsLong() - startNs >= atMostNs;
                if (isOver || interrupted.await(every.toMillis(), TimeUnit.MILLISECONDS)) {
                    return false;
                }
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
