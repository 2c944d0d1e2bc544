package io.headwater.broker.peer;

import java.util.concurrent.atomic.LongAdder;

/** What went over the connections between this broker and another one, in both directions. Any thread. */
final class PeerTraffic {
    private final LongAdder sent = new LongAdder();
    private final LongAdder received = new LongAdder();

    void sent(int bytes) {
        sent.add(bytes);
    }

    void received(int bytes) {
        received.add(bytes);
    }

    long sentBytes() {
        return sent.sum();
    }

    long receivedBytes() {
        return received.sum();
    }
}
