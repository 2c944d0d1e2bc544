package io.headwater.broker.partition;

/**
 * The last batches of one producer in one partition: at most {@link #CAPACITY}, as many as a producer may have in
 * flight. Their sequences follow one another without a gap, so that one lookup tells a duplicate from what comes next
 * and from what has left the window.
 */
final class ProducerWindow {
    static final int CAPACITY = 64;
    private static final int FIRST_SIZE = 4;

    final long producerId;
    private short epoch;
    private int nextSequence;
    private int[] sequences = new int[FIRST_SIZE];
    private int[] counts = new int[FIRST_SIZE];
    private long[] offsets = new long[FIRST_SIZE];
    private long[] timesMs = new long[FIRST_SIZE];
    /** Where the oldest batch stands; the others follow, modulo the arrays' length. */
    private int head;

    private int size;

    /** Empty, until {@link #add}. */
    ProducerWindow(long producerId, short epoch) {
        this.producerId = producerId;
        this.epoch = epoch;
    }

    short epoch() {
        return epoch;
    }

    int nextSequence() {
        return nextSequence;
    }

    /** Where its last batch lies in the log. */
    long lastOffset() {
        return offset(size - 1);
    }

    int size() {
        return size;
    }

    /** The batch's place in the window, oldest first; -1: no batch of the window starts with this sequence. */
    int find(int baseSequence) {
        for (int age = size - 1; age >= 0; age--) {
            if (sequences[slot(age)] == baseSequence) {
                return age;
            }
        }
        return -1;
    }

    int sequence(int place) {
        return sequences[slot(place)];
    }

    int count(int place) {
        return counts[slot(place)];
    }

    long offset(int place) {
        return offsets[slot(place)];
    }

    long timeMs(int place) {
        return timesMs[slot(place)];
    }

    /** A newer life of the producer starts over. */
    void renew(short newEpoch) {
        epoch = newEpoch;
        nextSequence = 0;
        head = 0;
        size = 0;
    }

    /** Notes an appended batch; the oldest leaves where the window is full. */
    void add(int baseSequence, int recordCount, long offset, long timeMs) {
        if (size == sequences.length && size < CAPACITY) {
            grow();
        }
        if (size == CAPACITY) {
            head = slot(1);
            size--;
        }
        int slot = slot(size);
        sequences[slot] = baseSequence;
        counts[slot] = recordCount;
        offsets[slot] = offset;
        timesMs[slot] = timeMs;
        size++;
        nextSequence = after(baseSequence, recordCount);
    }

    /** Sequences are 31 bits and start again at 0. */
    static int after(int sequence, int records) {
        return (sequence + records) & Integer.MAX_VALUE;
    }

    private int slot(int place) {
        return (head + place) & (sequences.length - 1);
    }

    private void grow() {
        int length = sequences.length * 2;
        int[] newSequences = new int[length];
        int[] newCounts = new int[length];
        long[] newOffsets = new long[length];
        long[] newTimes = new long[length];
        for (int place = 0; place < size; place++) {
            int slot = slot(place);
            newSequences[place] = sequences[slot];
            newCounts[place] = counts[slot];
            newOffsets[place] = offsets[slot];
            newTimes[place] = timesMs[slot];
        }
        sequences = newSequences;
        counts = newCounts;
        offsets = newOffsets;
        timesMs = newTimes;
        head = 0;
    }
}
