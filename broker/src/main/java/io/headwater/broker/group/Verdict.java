package io.headwater.broker.group;

/** Whether a member may do what it asks for. */
public enum Verdict {
    OK,
    /** Nobody of that id, or somebody who has since joined over another connection: join again. */
    UNKNOWN_MEMBER,
    /** The partition is not this member's any more, or was moved by a seek that the member has not heard of. */
    STALE_GENERATION,
    /** A generation that the member was never given. */
    IMPOSSIBLE_GENERATION
}
