package io.headwater.broker.replica;

import org.jspecify.annotations.Nullable;

/** What the two roles of a replica share. */
final class ReplicaState {
    final ReplicaId me;
    final long incarnation;
    final int life;
    final ReplicaLog log;
    final Messages messages;
    final ReplicaOwner owner;
    final ReplicaSettings settings;
    final Rules rules;
    final Promise promise;

    private long commit;
    private long rounds;
    private boolean halted;
    private Lack lack;
    private final @Nullable LogEnd had;
    private boolean commitsWritten;

    ReplicaState(ReplicaStart start, ReplicaPorts ports, ReplicaSettings settings, Rules rules) {
        this.me = start.id();
        this.incarnation = start.incarnation();
        this.life = start.life();
        this.log = ports.log();
        this.messages = ports.messages();
        this.owner = ports.owner();
        this.settings = settings;
        this.rules = rules;
        // Whoever wrote in an epoch, or took entries of it, has nothing to do with older ones any more.
        int promised = Math.max(start.promised(), log.epochs().lastEpoch());
        this.promise = new Promise(promised, ports.promises(), rules);
        // What was committed and not yet on this disk may be gone with a crash.
        this.commit = Math.min(start.commit(), log.endIndex());
        this.lack = start.lack();
        this.had = start.had();
    }

    /** It may lack what it has acknowledged, and what others have committed on its word: it is nobody (R10). */
    boolean isSuspect() {
        return lack != Lack.NOTHING;
    }

    Lack lack() {
        return lack;
    }

    /**
     * No log that ends before this has all that this copy has ever acknowledged: what it had when it was found damaged, and
     * what it took since then. Null: it cannot tell.
     */
    @Nullable
    LogEnd acknowledgedEnd() {
        LogEnd own = new LogEnd(log.epochs().lastEpoch(), log.endIndex());
        if (lack != Lack.ANYTHING) {
            return own;
        }
        LogEnd before = had;
        return before == null || before.compareTo(own) > 0 ? before : own;
    }

    void wholeAgain() {
        owner.wholeAgain();
        lack = Lack.NOTHING;
    }

    void follow(PartitionView view) {
        commitsWritten = view.commitsWritten();
    }

    /** Whether what a write quorum has written is committed, as far as this replica knows. */
    boolean commitsWritten() {
        return commitsWritten;
    }

    /** How far this copy is on disk, and may say so (R8). */
    long durableEnd() {
        return rules.hold(Rules.Rule.ONLY_DURABLE_COUNTS) ? log.durableIndex() : log.endIndex();
    }

    /** How far this copy has come with what counts: at least {@link #durableEnd}. */
    long writtenEnd() {
        long durable = durableEnd();
        long written = commitsWritten ? log.writtenIndex() : durable;
        return written > durable && owner.mayCountWritten() ? written : durable;
    }

    /** All before this index is committed, as far as this replica knows. */
    long commit() {
        return commit;
    }

    void commitTo(long endIndex) {
        if (endIndex > commit) {
            commit = endIndex;
            owner.committed(endIndex);
        }
    }

    /** Of this replica's, in whichever epochs: see {@link Leadership#askToConfirm}. */
    long newRound() {
        return ++rounds;
    }

    /** The last one that was begun; 0: none. */
    long lastRound() {
        return rounds;
    }

    boolean isHalted() {
        return halted;
    }

    /** Its log is not of this partition's history any more. */
    void giveUp() {
        halted = true;
        owner.mustBeginAnew();
    }

    /** For what must never happen: better no replica than one that is wrong. */
    void halt(String reason) {
        if (!halted) {
            halted = true;
            owner.halted(reason);
        }
    }
}
