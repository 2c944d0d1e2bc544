package io.headwater.broker.observe;

/**
 * What a queue group has, in one partition or in all of them. Counters since the broker has opened the partition.
 *
 * @param moved to the dead-letter topic
 * @param movedByHand by operators, to another topic
 * @param tooOld how many died of their age
 * @param oldestReadyMs age of the oldest ready record; -1: none is ready, or it stands behind too many that are not
 * @param timeInQueueP50Ms from ingestion to the first delivery; -1: nothing was delivered
 * @param processingP50Ms as consumers report it; -1: nothing was reported
 */
public record QueueFigures(
        String topic,
        String group,
        long ready,
        long waiting,
        long leased,
        long dead,
        long moving,
        long moved,
        long movedByHand,
        long tooOld,
        long oldestReadyMs,
        long delivered,
        long acked,
        Returned returned,
        long timeInQueueP50Ms,
        long timeInQueueP99Ms,
        long processingP50Ms,
        long processingP99Ms) {
    /** Attempts that ended without an acknowledgement, by cause. */
    public record Returned(long released, long failed, long rejected, long expired, long lost) {
        Returned plus(Returned other) {
            return new Returned(
                    released + other.released,
                    failed + other.failed,
                    rejected + other.rejected,
                    expired + other.expired,
                    lost + other.lost);
        }
    }

    /** Of two partitions together: sums, and the worse of the times. */
    public QueueFigures plus(QueueFigures other) {
        return new QueueFigures(
                topic,
                group,
                ready + other.ready,
                waiting + other.waiting,
                leased + other.leased,
                dead + other.dead,
                moving + other.moving,
                moved + other.moved,
                movedByHand + other.movedByHand,
                tooOld + other.tooOld,
                Math.max(oldestReadyMs, other.oldestReadyMs),
                delivered + other.delivered,
                acked + other.acked,
                returned.plus(other.returned),
                Math.max(timeInQueueP50Ms, other.timeInQueueP50Ms),
                Math.max(timeInQueueP99Ms, other.timeInQueueP99Ms),
                Math.max(processingP50Ms, other.processingP50Ms),
                Math.max(processingP99Ms, other.processingP99Ms));
    }
}
