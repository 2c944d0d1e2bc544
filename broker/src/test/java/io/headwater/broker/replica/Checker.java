package io.headwater.broker.replica;

import io.headwater.broker.replica.SimLog.Entry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Sees everything and forgives nothing. What it says fails the seed. */
final class Checker {
    private record Place(long index, int epoch) {}

    private record Placed(Entry entry, int epochBefore) {}

    private final Timeline timeline;
    private final List<Entry> committed = new ArrayList<>();
    /** In which epoch each was committed, which may be long after its own. */
    private final List<Integer> committedIn = new ArrayList<>();

    private final Map<Integer, String> leaders = new HashMap<>();
    private final Map<Place, Placed> placed = new HashMap<>();

    /** What is committed in older epochs counts no more. */
    private int recoveredEpoch;

    private boolean mayGiveUp;
    private int commits;
    private int confirmedReads;
    private int recoveries;
    private int givenUp;
    private int begunAnew;
    private int wholeAgain;
    private int electedByHealing;
    private int copied;
    private int losses;
    /** On the disks of a write quorum, as a leader said. */
    private long persisted;

    private boolean mayLosePersisted;
    /** The one that was chosen, until something of its own epoch is committed: what is not on its disk may yet go with it. */
    private @Nullable SimNode chosen;

    Checker(Timeline timeline) {
        this.timeline = timeline;
    }

    long committedEnd() {
        return committed.size();
    }

    /** How often an entry was, whatever was given up since. */
    int commits() {
        return commits;
    }

    Entry committed(long index) {
        return committed.get((int) index);
    }

    /** Something was lost or is about to be. */
    static final class Violation extends AssertionError {
        private static final long serialVersionUID = 1;

        Violation(String what) {
            super(what);
        }
    }

    Violation violation(String what) {
        return new Violation("after " + timeline.nowMs() + " ms: " + what);
    }

    /** Log matching: the same index and epoch is the same entry behind the same history. */
    void appended(long index, int epochBefore, Entry entry) {
        Placed now = new Placed(entry, epochBefore);
        Placed before = placed.putIfAbsent(new Place(index, entry.epoch()), now);
        if (before != null && !before.equals(now)) {
            throw violation("index " + index + " is " + now + " and was " + before + " elsewhere");
        }
    }

    /**
     * One leadership per epoch; and who leads has all that was committed in older epochs. One that begins late, when later
     * epochs have leaders too, need not have what those have committed.
     */
    void leads(SimNode node, int epoch) {
        String other = leaders.putIfAbsent(epoch, node.name());
        if (other != null) {
            throw violation("epoch " + epoch + " is led by " + node.name() + " and was by " + other);
        }
        if (epoch < recoveredEpoch) {
            return; // it has not heard yet that it was given up
        }
        if (mayGiveUp) {
            giveUp(node);
        }
        for (int i = 0; i < committed.size() && committedIn.get(i) < epoch; i++) {
            if (i >= node.log().endIndex() || !node.log().get(i).equals(committed.get(i))) {
                throw violation(node.name() + " leads epoch " + epoch + " without committed index " + i + " of "
                        + committed.size() + "; it has " + node.log().endIndex());
            }
        }
    }

    /**
     * An operator has chosen who leads the epoch: what counts of what was committed is what that one has when it begins.
     * Whoever did not hear of it may go on for a while; what it commits is given up as well.
     */
    void recovered(int epoch) {
        recoveries++;
        mayLosePersisted = true;
        givesUp(epoch);
    }

    /** The same by itself, after a loss of power: only where it has to be. */
    void lost(int epoch, boolean hasToBe) {
        losses++;
        if (!hasToBe) {
            throw violation("a loss is recorded in epoch " + epoch + ", and enough have all that they had");
        }
        mayLosePersisted = false;
        givesUp(epoch);
    }

    private void givesUp(int epoch) {
        recoveredEpoch = epoch;
        mayGiveUp = true;
    }

    /** What no loss of power takes. */
    void persisted(SimNode node, long end) {
        if (end > persisted && node.log().epochs().lastEpoch() >= recoveredEpoch) {
            persisted = end;
        }
    }

    int losses() {
        return losses;
    }

    long persisted() {
        return persisted;
    }

    private void giveUp(SimNode node) {
        mayGiveUp = false;
        chosen = node;
        int kept = 0;
        while (kept < committed.size()
                && kept < node.log().endIndex()
                && node.log().get(kept).equals(committed.get(kept))) {
            kept++;
        }
        if (kept < Math.min(persisted, committed.size()) && !mayLosePersisted) {
            throw violation(node.name() + " leads with " + kept + ", and " + persisted
                    + " were on the disks of a write quorum");
        }
        givenUp += committed.size() - kept;
        committed.subList(kept, committed.size()).clear();
        committedIn.subList(kept, committedIn.size()).clear();
        // What a leader that had been given up already told it since: it counts now, and will not be told again.
        for (int i = kept; i < node.commit(); i++) {
            committed.add(node.log().get(i));
            committedIn.add(recoveredEpoch);
        }
    }

    /** What was not on its disk is gone: if it was chosen, and nobody else had to have that, it is given up as well. */
    void lostPower(SimNode node) {
        if (node == chosen && node.log().endIndex() < committed.size()) {
            int kept = (int) node.log().endIndex();
            givenUp += committed.size() - kept;
            committed.subList(kept, committed.size()).clear();
            committedIn.subList(kept, committedIn.size()).clear();
        }
    }

    /** A copy had what was given up and known as committed. */
    void begunAnew() {
        begunAnew++;
    }

    /** A copy that had lost what it had acknowledged has it again. */
    void wholeAgain() {
        wholeAgain++;
    }

    /** Without what one says that heals, nobody could have been elected. */
    void neededHealing() {
        electedByHealing++;
    }

    int electedByHealing() {
        return electedByHealing;
    }

    /** A copy took a segment of another one. */
    void copied() {
        copied++;
    }

    int segmentsCopied() {
        return copied;
    }

    int copiesWholeAgain() {
        return wholeAgain;
    }

    /** I19: whoever is told where the log ends, is told of all that had been committed when it asked. */
    void endRead(SimNode node, long committedWhenAsked, long end) {
        confirmedReads++;
        if (end < committedWhenAsked && recoveries + losses == 0) {
            throw violation(node.name() + " says that the log ends at " + end + ", and " + committedWhenAsked
                    + " were committed when it was asked");
        }
    }

    int confirmedReads() {
        return confirmedReads;
    }

    int recoveries() {
        return recoveries;
    }

    int givenUp() {
        return givenUp;
    }

    int copiesBegunAnew() {
        return begunAnew;
    }

    /** Committed is committed, everywhere; and only a leader makes it so. */
    void committed(SimNode node, long from, long end, boolean leading) {
        if (end <= from) {
            throw violation(node.name() + " takes its commit back from " + from + " to " + end);
        }
        if (end > node.log().endIndex()) {
            throw violation(
                    node.name() + " commits " + end + " and has " + node.log().endIndex());
        }
        if (node.log().epochs().lastEpoch() < recoveredEpoch) {
            return;
        }
        // Before it was chosen by hand it may have committed more, which did not count then.
        for (long i = Math.min(from, committed.size()); i < end; i++) {
            Entry entry = node.log().get(i);
            if (i < committed.size()) {
                if (!entry.equals(committed.get((int) i))) {
                    throw violation("committed index " + i + " was " + committed.get((int) i) + " and is " + entry
                            + " on " + node.name());
                }
            } else if (leading) {
                chosen = null;
                commits++;
                committed.add(entry);
                committedIn.add(node.log().epochs().lastEpoch());
            } else {
                throw violation(node.name() + " follows and commits " + i + " before any leader did");
            }
        }
    }

    /** Whether the node's disk has all that is committed. */
    boolean hasAllCommitted(SimNode node) {
        if (node.log().durableIndex() < committed.size()) {
            return false;
        }
        for (int i = committed.size() - 1; i >= 0; i--) {
            if (!node.log().get(i).equals(committed.get(i))) {
                return false;
            }
        }
        return true;
    }
}
