package io.headwater.broker.queue;

/** Takes the operations of a group that is gone. */
final class Ignored implements QueueChange {
    static final QueueChange ALL = new Ignored();

    private Ignored() {}

    @Override
    public void published(long offset, long count, int priority, long dueMs) {}

    @Override
    public void granted(long offset, long count, int attempt, long session, int leaseMs) {}

    @Override
    public void extended(long offset, long count, int leaseMs) {}

    @Override
    public void acked(long offset, long count) {}

    @Override
    public void returned(long offset, long count, Ending ending, long dueMs) {}

    @Override
    public void died(long offset, long count, Ending ending, Burial burial, long atMs) {}

    @Override
    public void sent(Shipment shipment) {}

    @Override
    public void arrived(long number) {}

    @Override
    public void kept(long offset, long count, Kept why) {}

    @Override
    public void redriven(long offset, long count) {}

    @Override
    public void replayed(long offset, long count, int attempt, int priority, long dueMs) {}

    @Override
    public void removed(long offset, long count) {}

    @Override
    public void answered(Answered answer) {}

    @Override
    public void retracted(long from) {}

    @Override
    public void surveyed() {}

    @Override
    public void paused() {}

    @Override
    public void resumed() {}
}
