package io.headwater.broker.replica;

/**
 * @param windowBytes how much a follower may be sent without having it acknowledged as durable
 * @param frameBytes how much one message carries
 * @param resendMs after how long without an answer something is sent again
 * @param commitDelayMs how long a commit waits for entries to travel with
 * @param handoverMs how long a leader that hands over waits for a voter to have everything
 * @param rules all of them, but in a test
 */
public record ReplicaSettings(
        int windowBytes, int frameBytes, long resendMs, long commitDelayMs, long handoverMs, Rules rules) {
    public static final ReplicaSettings DEFAULTS = new ReplicaSettings(2 << 20, 1 << 20, 1_000, 5, 2_000);

    public ReplicaSettings(int windowBytes, int frameBytes, long resendMs, long commitDelayMs, long handoverMs) {
        this(windowBytes, frameBytes, resendMs, commitDelayMs, handoverMs, Rules.ALL);
    }
}
