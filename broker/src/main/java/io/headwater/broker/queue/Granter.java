package io.headwater.broker.queue;

import io.headwater.broker.queue.SessionTable.Session;
import java.util.List;

/**
 * Who gets what. Nobody gets more than its credit or, while another waits, more than its fair share; shares are handed
 * out as runs, so that a delivery is made of neighbours.
 *
 * <p>Whoever takes several records of a key gets what waits behind those that it was given, with half of the credit that
 * is left: one key does not use it up. A record that has failed before comes alone.
 *
 * <p>A suspect is delivered only to a consumer that holds nothing else, and that one gets nothing more until it has
 * settled it: if the consumer dies, it is known of what. One suspect at a time is out, so that one consumer tests them
 * while the others work. If nobody is idle, the first that waits gets nothing more until it is.
 */
final class Granter {
    private final QueueState state;
    private final Decisions decisions;
    /** The session that must become idle to test a suspect; meaningless while there is none to test. */
    private long tester;

    Granter(QueueState state, Decisions decisions) {
        this.state = state;
        this.decisions = decisions;
    }

    int grant(List<Receiver> receivers, RecordSizes sizes, MemoryCap cap) {
        if (state.isPaused()) {
            return 0;
        }
        int granted = grantSuspect(receivers, sizes);
        int round;
        int open;
        do {
            // What one leaves for want of bytes is the others'.
            open = countOpen(receivers);
            round = grantRound(receivers, sizes, cap);
            granted += round;
        } while (round > 0 || countOpen(receivers) < open);
        for (Receiver receiver : receivers) {
            granted += grantFollowers(receiver, sizes, cap);
        }
        return granted;
    }

    private int grantFollowers(Receiver receiver, RecordSizes sizes, MemoryCap cap) {
        int firsts = receiver.size();
        int most = receiver.recordsPerKey() > 1 && receiver.isOpen() ? receiver.records() / 2 : 0;
        int granted = 0;
        for (int i = 0; i < firsts && granted < most; i++) {
            granted += followUp(receiver, receiver.offset(i), most - granted, sizes, cap);
        }
        receiver.sortFollowers(offset -> state.slots.deliveries(state.slots.find(offset)));
        return granted;
    }

    private int followUp(Receiver receiver, long first, int most, RecordSizes sizes, MemoryCap cap) {
        if (hasFailed(first)) {
            // It may well fail again, and all would come back with it.
            return 0;
        }
        int granted = 0;
        long next = state.order().follower(first);
        while (next != ReadyOrder.NONE && granted < Math.min(most, receiver.recordsPerKey() - 1)) {
            int size = sizes.bytesOf(next);
            if (hasFailed(next) || !isAdmitted(next, cap) || !receiver.hasRoomFor(size)) {
                break;
            }
            receiver.follow(next, lease(next, receiver), size);
            granted++;
            next = state.order().follower(next);
        }
        return granted;
    }

    private boolean hasFailed(long offset) {
        int slot = state.slots.find(offset);
        return slot != SlotTable.ABSENT && state.slots.failures(slot) > 0;
    }

    /** A record without a slot gets one. */
    private boolean isAdmitted(long offset, MemoryCap cap) {
        return state.slots.find(offset) != SlotTable.ABSENT || cap.admitsGrant();
    }

    private static int countOpen(List<Receiver> receivers) {
        int open = 0;
        for (Receiver receiver : receivers) {
            open += receiver.isOpen() ? 1 : 0;
        }
        return open;
    }

    private int grantSuspect(List<Receiver> receivers, RecordSizes sizes) {
        for (Receiver receiver : receivers) {
            Session session = state.sessions.find(receiver.session());
            if (session != null && session.suspects > 0) {
                receiver.shut();
            }
        }
        long suspect = state.order().nextSuspect();
        if (suspect == ReadyOrder.NONE || state.sessions.suspects() > 0) {
            return 0;
        }
        Receiver draining = null;
        for (Receiver receiver : receivers) {
            if (!receiver.isOpen()) {
                continue;
            }
            if (state.sessions.find(receiver.session()) == null) {
                give(receiver, suspect, sizes.bytesOf(suspect));
                receiver.shut();
                return 1;
            }
            if (draining == null || receiver.session() == tester) {
                draining = receiver;
            }
        }
        if (draining != null) {
            tester = draining.session();
            draining.shut();
        }
        return 0;
    }

    private int grantRound(List<Receiver> receivers, RecordSizes sizes, MemoryCap cap) {
        long eligible = state.order().eligible();
        long share = fairShare(receivers, eligible);
        long extra = eligible;
        for (Receiver receiver : receivers) {
            if (receiver.isOpen()) {
                extra -= Math.min(receiver.records(), share);
            }
        }
        int granted = 0;
        for (Receiver receiver : receivers) {
            if (!receiver.isOpen()) {
                continue;
            }
            long most = Math.min(receiver.records(), share);
            if (extra > 0 && receiver.records() > share) {
                extra--;
                most++;
            }
            granted += grantUpTo(most, receiver, sizes, cap);
        }
        return granted;
    }

    /** The level up to which all that wait can be served: who wants less leaves the rest to the others. */
    private static long fairShare(List<Receiver> receivers, long eligible) {
        long share = 0;
        while (true) {
            long wanted = 0;
            int hungry = 0;
            for (Receiver receiver : receivers) {
                if (receiver.isOpen()) {
                    if (receiver.records() <= share) {
                        wanted += receiver.records();
                    } else {
                        hungry++;
                    }
                }
            }
            long next = hungry == 0 ? share : (eligible - wanted) / hungry;
            if (next <= share) {
                return share;
            }
            share = next;
        }
    }

    private int grantUpTo(long most, Receiver receiver, RecordSizes sizes, MemoryCap cap) {
        int granted = 0;
        while (granted < most) {
            long offset = state.order().next();
            if (offset == ReadyOrder.NONE || !isAdmitted(offset, cap)) {
                break;
            }
            int size = sizes.bytesOf(offset);
            if (!receiver.hasRoomFor(size)) {
                receiver.shut();
                break;
            }
            give(receiver, offset, size);
            granted++;
        }
        return granted;
    }

    private void give(Receiver receiver, long offset, int size) {
        receiver.give(offset, lease(offset, receiver), size);
    }

    /** Returns which attempt it is. */
    private int lease(long offset, Receiver receiver) {
        int slot = state.slots.find(offset);
        int attempt = slot == SlotTable.ABSENT ? 1 : state.slots.deliveries(slot) + 1;
        decisions.granted(offset, 1, attempt, receiver.session(), receiver.leaseMs());
        return attempt;
    }
}
