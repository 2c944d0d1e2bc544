package io.headwater.broker.net;

import io.headwater.protocol.Errors;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** The connections that are open, and what each of them needs from the rest of the broker. Thread-safe. */
final class ConnectionRegistry {
    private final int maxConnections;
    private final InFlight inFlight;
    private final Requests.Factory requests;
    private final ControlMailbox control;
    private final Map<Long, ClientConnection> open = new ConcurrentHashMap<>();
    private final AtomicLong nextId = new AtomicLong(1);
    private final AtomicLong brokenFrames = new AtomicLong();
    private final AtomicLong overloads = new AtomicLong();
    private volatile @Nullable Handshake handshake;
    private volatile @Nullable Error closing;

    ConnectionRegistry(int maxConnections, InFlight inFlight, Requests.Factory requests, ControlMailbox control) {
        this.maxConnections = maxConnections;
        this.inFlight = inFlight;
        this.requests = requests;
        this.control = control;
    }

    void open(Handshake now) {
        handshake = now;
    }

    /** Known before anybody is let in. */
    Handshake handshake() {
        return Objects.requireNonNull(handshake, "not open yet");
    }

    InFlight inFlight() {
        return inFlight;
    }

    ControlMailbox control() {
        return control;
    }

    long nextId() {
        return nextId.getAndIncrement();
    }

    Requests openRequests(Connection connection) {
        return requests.open(connection);
    }

    /** Counts the connection in; null: welcome. */
    @Nullable
    Error admit(ClientConnection connection) {
        open.put(connection.id(), connection);
        Error reason = closing;
        if (reason == null && open.size() > maxConnections) {
            reason = Errors.retryAfter(
                    ErrorCode.ERROR_OVERLOADED,
                    "connections: " + maxConnections + " are open, the configured most",
                    1000);
        }
        return reason;
    }

    /** It is told to go, and counts no more; {@link #closed} follows. */
    void dismissed(ClientConnection connection) {
        open.remove(connection.id());
    }

    void closed(ClientConnection connection) {
        open.remove(connection.id());
        control.closed(connection);
    }

    /** Not null: every request is refused with it from now on. */
    @Nullable
    Error closing() {
        return closing;
    }

    void refuseRequests(Error reason) {
        closing = reason;
    }

    void goodbye(Error reason) {
        for (ClientConnection connection : open.values()) {
            connection.execute(() -> connection.goodbye(reason));
        }
    }

    int count() {
        return open.size();
    }

    /** Returns how many there were, this one included. */
    long brokenFrame() {
        return brokenFrames.incrementAndGet();
    }

    long brokenFrames() {
        return brokenFrames.get();
    }

    void overloaded() {
        overloads.incrementAndGet();
    }

    long overloads() {
        return overloads.get();
    }
}
