package io.headwater.broker.queue;

/** Why an attempt on a record ended, but for an acknowledgement. */
public enum Cause {
    RELEASED(1, Verb.RELEASE.id, Suspicion.CLEARED, Blame.NONE),
    FAILED(2, Verb.FAIL.id, Suspicion.CLEARED, Blame.RECORD),
    REJECTED(3, Verb.REJECT.id, Suspicion.CLEARED, Blame.RECORD),
    /** The lease ran out while its session was there: counted. */
    EXPIRED(4, 0, Suspicion.AS_BEFORE, Blame.RECORD),
    /** Its session was lost, and had this lease alone: counted. */
    LOST_ALONE(5, 0, Suspicion.AS_BEFORE, Blame.RECORD),
    /** Its session was lost with several: any of them may be the reason, so nobody is charged. */
    LOST_AMONG_OTHERS(6, 0, Suspicion.RAISED, Blame.NONE),
    /** Its session was closed in order. */
    CLOSED(7, 0, Suspicion.AS_BEFORE, Blame.NONE),
    /** Nobody was done with it within the topic's maximum age. */
    TOO_OLD(8, 0, Suspicion.AS_BEFORE, Blame.NONE),
    /** Its consumer had it behind another one of its key, which ended without an acknowledgement. */
    KEY_TAKEN_BACK(9, 0, Suspicion.AS_BEFORE, Blame.NONE);

    /** What the end says about a record that may have killed its consumer. */
    enum Suspicion {
        CLEARED,
        AS_BEFORE,
        RAISED
    }

    private enum Blame {
        RECORD,
        NONE
    }

    private static final Cause[] BY_ID = values();

    /** In the log; never reused. */
    final byte id;

    /** The id of the verb that a repetition must have to get the same answer; 0: none. */
    final byte verb;

    final Suspicion suspicion;

    private final Blame blame;

    Cause(int id, int verb, Suspicion suspicion, Blame blame) {
        this.id = (byte) id;
        this.verb = (byte) verb;
        this.suspicion = suspicion;
        this.blame = blame;
    }

    /** Whether it speaks against the record: what was said of the last such end is kept with it. */
    boolean isFailure() {
        return blame == Blame.RECORD;
    }

    /** Of an id, 0 among them: nothing has ended yet. */
    static byte verbOf(byte id) {
        return id == 0 ? 0 : of(id).verb;
    }

    static Cause of(long id) {
        if (id < 1 || id > BY_ID.length) {
            throw new QueueFormatException("cause: " + id + " (expected: 1 to " + BY_ID.length + ")");
        }
        return BY_ID[(int) id - 1];
    }
}
