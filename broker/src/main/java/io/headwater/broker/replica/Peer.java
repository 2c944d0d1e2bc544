package io.headwater.broker.replica;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What a leader knows of a replica that has attached to it: a cursor into the leader's own log, not a queue. One that is
 * slow fills its window and costs nothing more.
 */
final class Peer {
    private static final long JUST_MOVED = -1;
    /** So often is something sent in vain before the log is looked at again, and each time that it was so often again. */
    private static final int RECHECK_AFTER = 4;

    private record Sent(long endIndex, int bytes) {}

    final ReplicaId id;
    private final ReplicaState state;
    private final int epoch;
    private final Deque<Sent> underWay = new ArrayDeque<>();
    private ReplicaMessage.AttachOk answer;
    private long next;
    private long acked;
    private long written;
    private long confirmed;
    private long bytesUnderWay;
    private long commitTold;
    /** Since when nothing has moved, as far as ticks have seen. */
    private long stillSinceMs = JUST_MOVED;

    private int inVain;
    /** What is under way may be lost: the start of it was sent once more, and has not been acknowledged. */
    private boolean probes;

    Peer(ReplicaState state, ReplicaMessage.AttachOk answer) {
        this.state = state;
        this.epoch = answer.epoch();
        this.id = answer.id().replica();
        this.answer = answer;
        opened(answer);
    }

    AttachId attachId() {
        return answer.id();
    }

    /** The follower's disk has all before this. It stays true when the follower restarts. */
    long acked() {
        return acked;
    }

    /**
     * The follower has written all before this, on its disk or not. Where its machine goes down this is true no longer: then it
     * is a suspect, and until it is none, it is others that have to have what was counted for it.
     */
    long written() {
        return written;
    }

    /** The same follower has attached anew. */
    void opened(ReplicaMessage.AttachOk ok) {
        answer = ok;
        written = Math.max(acked, Math.min(written, ok.truncateTo()));
        rewind();
        answerAgain();
    }

    void answerAgain() {
        state.messages.send(id.node(), answer);
    }

    /** Everything that is not acknowledged is to be sent again. */
    void rewind() {
        underWay.clear();
        bytesUnderWay = 0;
        next = Math.max(acked, answer.truncateTo());
        commitTold = answer.commit();
        stillSinceMs = JUST_MOVED;
        probes = false;
    }

    /** Retention has removed what it would have to be sent next. */
    private boolean isLeftBehind() {
        return next < state.log.startIndex();
    }

    void pump() {
        if (isLeftBehind()) {
            return;
        }
        long end = state.log.endIndex();
        while (next < end && bytesUnderWay < state.settings.windowBytes()) {
            int room = (int) Math.min(state.settings.frameBytes(), state.settings.windowBytes() - bytesUnderWay);
            Entries entries = state.log.read(next, room);
            if (underWay.isEmpty()) {
                stillSinceMs = JUST_MOVED;
            }
            underWay.add(new Sent(entries.endIndex(), entries.bytes()));
            bytesUnderWay += entries.bytes();
            next = entries.endIndex();
            commitTold = state.commit();
            state.messages.send(id.node(), new ReplicaMessage.Append(epoch, id, entries, commitTold));
        }
    }

    void onAck(long durableEnd, long writtenEnd) {
        boolean moves = durableEnd > acked || writtenEnd > written;
        if (moves) {
            acked = Math.max(acked, durableEnd);
            written = Math.max(acked, Math.max(written, writtenEnd));
            inVain = 0;
            stillSinceMs = JUST_MOVED;
        }
        for (Sent first = underWay.peek(); first != null && first.endIndex() <= written; first = underWay.peek()) {
            underWay.remove();
            bytesUnderWay -= first.bytes();
        }
        next = Math.max(next, written);
        if (moves && probes) {
            probes = false;
            if (!underWay.isEmpty()) {
                rewind();
            }
        }
    }

    void askToConfirm(long round) {
        state.messages.send(id.node(), new ReplicaMessage.Confirm(epoch, id, round));
    }

    void onConfirmed(long round) {
        confirmed = Math.max(confirmed, round);
    }

    /** The last round in which it has said that it follows; 0: none. */
    long confirmed() {
        return confirmed;
    }

    boolean isBehind() {
        return acked < next || next < state.log.endIndex() || isOwedCommit() || isLeftBehind();
    }

    boolean isOwedCommit() {
        return commitTold < state.commit();
    }

    void tellCommit() {
        if (isOwedCommit()) {
            commitTold = state.commit();
            state.messages.send(id.node(), new ReplicaMessage.Commit(epoch, id, commitTold));
        }
    }

    /**
     * Its next entry once more, and the rest when it has taken that: if it is only slow, all that was sent waits in its memory,
     * and must not come there again and again.
     */
    private void probe(long nowMs) {
        Sent first = underWay.peek();
        long from = Math.max(acked, answer.truncateTo());
        if (first == null && from >= next) {
            return;
        }
        if (from < state.log.startIndex()) {
            rewind();
            return;
        }
        probes = true;
        stillSinceMs = nowMs;
        commitTold = state.commit();
        state.messages.send(id.node(), new ReplicaMessage.Append(epoch, id, state.log.read(from, 1), commitTold));
        if (first != null && ++inVain % RECHECK_AFTER == 0) {
            // It may be refused, for bytes that are not what they were: nobody else would find that.
            state.log.recheck(from, first.endIndex());
        }
    }

    void tick(long nowMs) {
        if (stillSinceMs == JUST_MOVED) {
            stillSinceMs = nowMs;
        } else if (nowMs - stillSinceMs >= state.settings.resendMs()) {
            probe(nowMs);
            if (isLeftBehind()) {
                // To be repeated, until it attaches again.
                stillSinceMs = nowMs;
                state.messages.send(
                        id.node(),
                        new ReplicaMessage.CopyFirst(
                                epoch, attachId(), state.log.startIndex(), false, state.log.endIndex()));
            }
        }
        pump();
    }
}
