package io.headwater.broker.net;

import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What all connections together hold in received bytes: unfinished frames, and attachments that an owner still needs.
 * Above the bound, connections that hold more than a small share are not read until it is below half of it again; the
 * others do not notice. Thread-safe.
 */
public final class InFlight {
    /** What a connection may hold whatever the others do. */
    static final int FREE_SHARE_BYTES = 64 * 1024;

    private final long maxBytes;
    private final AtomicLong bytes = new AtomicLong();
    private final AtomicLong copied = new AtomicLong();
    private final AtomicInteger pauses = new AtomicInteger();
    private final Set<ClientConnection> waiting = ConcurrentHashMap.newKeySet();

    public InFlight(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    public long bytes() {
        return bytes.get();
    }

    /** How often a socket was not read because of this bound or its own. */
    public int pauses() {
        return pauses.get();
    }

    /** Copied deliveries that have not left yet. Above a quarter of the bound, a connection gets more only after its own have left. */
    void addCopied(long delta) {
        copied.addAndGet(delta);
    }

    boolean isOverCopied() {
        return copied.get() > maxBytes / 4;
    }

    void paused() {
        pauses.incrementAndGet();
    }

    boolean isOver() {
        return bytes.get() > maxBytes;
    }

    void add(long delta) {
        long now = bytes.addAndGet(delta);
        if (delta < 0 && now < maxBytes / 2 && !waiting.isEmpty()) {
            resumeWaiting();
        }
    }

    /** Will be told once, soon after the total has fallen. */
    void await(ClientConnection connection) {
        waiting.add(connection);
        if (bytes.get() < maxBytes / 2) {
            resumeWaiting();
        }
    }

    void forget(ClientConnection connection) {
        waiting.remove(connection);
    }

    private void resumeWaiting() {
        Iterator<ClientConnection> each = waiting.iterator();
        while (each.hasNext()) {
            ClientConnection next = each.next();
            // Out first: whoever must wait on puts itself in again.
            each.remove();
            next.checkReading();
        }
    }
}
