package io.headwater.broker.queue;

import java.util.ArrayDeque;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** The answers to the last requests of operators. A request is asked again soon, or not at all. */
final class Answers {
    static final int MOST = 16;

    private final ArrayDeque<Answered> last = new ArrayDeque<>();

    /** Null: it was not asked, or too long ago. */
    @Nullable
    Answered to(long requestId) {
        for (Answered answered : last) {
            if (answered.requestId() == requestId) {
                return answered;
            }
        }
        return null;
    }

    /** A replay may say it twice. */
    void add(Answered answered) {
        last.removeIf(before -> before.requestId() == answered.requestId());
        last.addLast(answered);
        if (last.size() > MOST) {
            last.removeFirst();
        }
    }

    /** The oldest first. */
    Collection<Answered> all() {
        return last;
    }
}
