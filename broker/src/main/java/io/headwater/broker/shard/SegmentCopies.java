package io.headwater.broker.shard;

import io.headwater.broker.copy.SegmentAnswer;
import io.headwater.broker.copy.SegmentCopy;
import io.headwater.broker.copy.SegmentGiver;
import io.headwater.broker.copy.SegmentQuestion;
import io.headwater.broker.metadata.Leader;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/** The copies of an owner that are filled with segments of others, and what others get of its own. On the owner's thread. */
final class SegmentCopies {
    private static final int NOBODY = 0;

    private final Replicas home;
    private final SegmentGiver giver;
    private final Executor soon;
    private final Map<LocalReplica, SegmentCopy> copies = new LinkedHashMap<>();

    /**
     * @param giver of all owners
     * @param soon runs work on the owner's thread
     */
    SegmentCopies(Replicas home, SegmentGiver giver, Executor soon) {
        this.home = home;
        this.giver = giver;
        this.soon = soon;
    }

    /** Its replica waits until it is told that this is over. */
    void begin(LocalReplica local, long untilIndex) {
        end(local);
        copies.put(
                local, new SegmentCopy(local.copy(), local.partitionId(), untilIndex, giver, new SegmentCopy.Ports() {
                    @Override
                    public int source() {
                        Leader leader = local.info().leader();
                        return leader == null || leader.nodeId() == home.self().nodeId() ? NOBODY : leader.nodeId();
                    }

                    @Override
                    public void ask(int node, SegmentQuestion question, Consumer<SegmentAnswer> back) {
                        home.post().ask(node, question, back);
                    }

                    @Override
                    public void soon(Runnable work) {
                        soon.execute(() -> {
                            if (copies.containsKey(local)) {
                                home.with(local, same -> work.run());
                            }
                        });
                    }

                    @Override
                    public void ended(boolean more) {
                        copies.remove(local);
                        local.copied(more);
                    }
                }));
    }

    /** It leads, or is not there any more. */
    void end(LocalReplica local) {
        SegmentCopy copy = copies.remove(local);
        if (copy != null) {
            copy.stop();
        }
    }

    /** Another broker wants a part of a segment. */
    void answer(SegmentQuestion question, Consumer<SegmentAnswer> back, long nowMs) {
        boolean[] told = new boolean[1];
        home.with(question.partitionId(), local -> {
            told[0] = true;
            giver.answer(local.copy(), question, nowMs, back);
        });
        if (!told[0]) {
            back.accept(new SegmentAnswer.Failed("partition " + question.partitionId() + ": it has no copy to read"));
        }
    }

    void tick(long nowMs) {
        if (!copies.isEmpty()) {
            List<SegmentCopy> all = new ArrayList<>(copies.values());
            all.forEach(copy -> copy.step(nowMs));
        }
    }

    long nextInMs(long nowMs) {
        long next = Long.MAX_VALUE;
        for (SegmentCopy copy : copies.values()) {
            next = Math.min(next, copy.nextInMs(nowMs));
        }
        return next;
    }
}
