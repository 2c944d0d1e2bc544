package io.headwater.broker.queue;

/** The only way in which a decision changes anything: into the operations for the log, and at once into the state. */
final class Decisions implements QueueChange {
    private final QueueState state;
    private final Tally tally = new Tally();
    private QueueChange ops = Ignored.ALL;

    Decisions(QueueState state) {
        this.state = state;
    }

    Tally tally() {
        return tally;
    }

    void writeTo(QueueChange newOps) {
        ops = newOps;
    }

    @Override
    public void published(long offset, long count, int priority, long dueMs) {
        ops.published(offset, count, priority, dueMs);
        state.published(offset, count, priority, dueMs);
    }

    @Override
    public void granted(long offset, long count, int attempt, long session, int leaseMs) {
        ops.granted(offset, count, attempt, session, leaseMs);
        state.granted(offset, count, attempt, session, leaseMs);
        tally.granted(count);
    }

    @Override
    public void extended(long offset, long count, int leaseMs) {
        ops.extended(offset, count, leaseMs);
        state.extended(offset, count, leaseMs);
    }

    @Override
    public void acked(long offset, long count) {
        ops.acked(offset, count);
        state.acked(offset, count);
        tally.acked(count);
    }

    @Override
    public void returned(long offset, long count, Ending ending, long dueMs) {
        ops.returned(offset, count, ending, dueMs);
        state.returned(offset, count, ending, dueMs);
        tally.ended(ending.cause(), count);
    }

    @Override
    public void died(long offset, long count, Ending ending, Burial burial, long atMs) {
        ops.died(offset, count, ending, burial, atMs);
        state.died(offset, count, ending, burial, atMs);
        tally.ended(ending.cause(), count);
    }

    @Override
    public void sent(Shipment shipment) {
        ops.sent(shipment);
        state.sent(shipment);
    }

    @Override
    public void arrived(long number) {
        Shipment shipment = state.shipment();
        if (shipment != null) {
            tally.moved(shipment.cargo(), shipment.size());
        }
        ops.arrived(number);
        state.arrived(number);
    }

    @Override
    public void kept(long offset, long count, Kept why) {
        ops.kept(offset, count, why);
        state.kept(offset, count, why);
    }

    @Override
    public void redriven(long offset, long count) {
        ops.redriven(offset, count);
        state.redriven(offset, count);
    }

    @Override
    public void replayed(long offset, long count, int attempt, int priority, long dueMs) {
        ops.replayed(offset, count, attempt, priority, dueMs);
        state.replayed(offset, count, attempt, priority, dueMs);
    }

    @Override
    public void removed(long offset, long count) {
        ops.removed(offset, count);
        state.removed(offset, count);
    }

    @Override
    public void answered(Answered answer) {
        ops.answered(answer);
        state.answered(answer);
    }

    @Override
    public void retracted(long from) {
        ops.retracted(from);
        state.retracted(from);
    }

    @Override
    public void surveyed() {
        ops.surveyed();
        state.surveyed();
    }

    @Override
    public void paused() {
        ops.paused();
        state.paused();
    }

    @Override
    public void resumed() {
        ops.resumed();
        state.resumed();
    }
}
