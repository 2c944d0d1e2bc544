package io.headwater.broker.observe;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What this broker's copies of partitions do, of one owner or of all; about a second old.
 *
 * @param leading partitions that it leads and others have copies of
 * @param following copies that others lead, or nobody at this moment
 * @param underReplicated of those that it leads: a voter has been behind for too long
 * @param begun leaderships, since the start
 * @param ended leaderships, since the start
 * @param repairsBegun copies that gave up what was damaged, to get it from others; since the start
 * @param repairsEnded copies that had all of it again; since the start
 * @param lags of each node that has copies of what is led here
 */
public record ReplicationFigures(
        int leading,
        int following,
        int underReplicated,
        long begun,
        long ended,
        long repairsBegun,
        long repairsEnded,
        SortedMap<Integer, Lag> lags) {
    public static final ReplicationFigures NONE =
            new ReplicationFigures(0, 0, 0, 0, 0, 0, 0, Collections.emptySortedMap());

    /**
     * What is on the leader's disk, and not on the follower's as far as it has said.
     *
     * @param entries of all partitions together
     * @param largest of one partition
     */
    public record Lag(long entries, long largest) {
        public Lag plus(Lag other) {
            return new Lag(entries + other.entries, Math.max(largest, other.largest));
        }
    }

    /** Of two owners together. */
    public ReplicationFigures plus(ReplicationFigures other) {
        SortedMap<Integer, Lag> both = new TreeMap<>(lags);
        other.lags.forEach((node, lag) -> both.merge(node, lag, Lag::plus));
        return new ReplicationFigures(
                leading + other.leading,
                following + other.following,
                underReplicated + other.underReplicated,
                begun + other.begun,
                ended + other.ended,
                repairsBegun + other.repairsBegun,
                repairsEnded + other.repairsEnded,
                both);
    }
}
