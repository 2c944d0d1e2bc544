package io.headwater.protocol;

import io.headwater.protocol.wire.Hello;

/** Which versions of the protocol this code speaks, and how two peers agree on one. */
public final class ProtocolVersion {
    /** The oldest that is spoken. */
    public static final int MIN = 1;

    /** The newest that is spoken. */
    public static final int MAX = 1;

    /** What {@link #negotiate} answers where the peers have no version in common. */
    public static final int NONE = 0;

    private ProtocolVersion() {}

    /** The newest version that both sides speak, or {@link #NONE}. */
    public static int negotiate(Hello hello) {
        int newest = Math.min(MAX, hello.getMaxVersion());
        boolean common = newest >= MIN && newest >= hello.getMinVersion() && hello.getMinVersion() > 0;
        return common ? newest : NONE;
    }
}
