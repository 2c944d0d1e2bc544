package io.headwater.storage;

/**
 * The buffers of an owner's thread, shared by all its logs, so that a thousand logs do not hold a thousand of them. Two
 * scanners: one walks, and the other checks what the first has found.
 */
final class Scratch {
    private static final ThreadLocal<Scratch> OF_THREAD = ThreadLocal.withInitial(Scratch::new);

    private final EntryScanner walk = new EntryScanner();
    private final EntryScanner check = new EntryScanner();
    private final ReplicatedEntries replicated = new ReplicatedEntries();

    private Scratch() {}

    static Scratch get() {
        return OF_THREAD.get();
    }

    EntryScanner walk() {
        return walk;
    }

    ReplicatedEntries replicated() {
        return replicated;
    }

    EntryScanner check() {
        return check;
    }
}
