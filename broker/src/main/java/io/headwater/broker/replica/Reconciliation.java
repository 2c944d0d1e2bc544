package io.headwater.broker.replica;

/**
 * What a follower has to do to become a prefix of its leader's log.
 *
 * @param index with {@link Step#TRUNCATE}, where the follower's log is to end
 */
record Reconciliation(Step step, long index) {
    enum Step {
        /** Cut the log, if it is longer, and go on from there. */
        TRUNCATE,
        /** The rows told so far have nothing in common with the leader: tell older ones. */
        TELL_MORE,
        /** The leader no longer has what would have to be sent: copy whole segments first. */
        COPY
    }

    private static final Reconciliation TELL_MORE = new Reconciliation(Step.TELL_MORE, 0);
    private static final Reconciliation COPY = new Reconciliation(Step.COPY, 0);

    /**
     * The newest epoch that both have says where they part: an epoch has one leader, so that all before the end of that
     * epoch, where it ends first, is equal.
     */
    static Reconciliation of(EpochTable leader, long leaderStart, long leaderEnd, LogTail follower) {
        for (int row = follower.rows().size() - 1; row >= 0 && follower.endOfRow(row) >= leaderStart; row--) {
            long leaderEpochEnd = leader.endOf(follower.rows().get(row).epoch(), leaderEnd);
            if (leaderEpochEnd != EpochTable.NOT_THERE) {
                return truncate(Math.min(leaderEpochEnd, follower.endOfRow(row)), leaderStart, follower);
            }
        }
        boolean olderMayHelp = follower.olderRows() > 0
                && !follower.rows().isEmpty()
                && follower.rows().get(0).firstIndex() >= leaderStart;
        return olderMayHelp ? TELL_MORE : truncate(0, leaderStart, follower);
    }

    private static Reconciliation truncate(long index, long leaderStart, LogTail follower) {
        boolean reachable = index >= leaderStart && index >= follower.startIndex();
        return reachable ? new Reconciliation(Step.TRUNCATE, index) : COPY;
    }
}
