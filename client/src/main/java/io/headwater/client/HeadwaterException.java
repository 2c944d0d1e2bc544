package io.headwater.client;

/**
 * Everything that this client reports. Its subclasses are divided by what the caller may do: {@link Retriable} try the
 * same again later, {@link Rejected} fix the request, {@link OutcomeUnknown} find out first whether it took effect.
 */
public abstract sealed class HeadwaterException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private final String code;

    HeadwaterException(String code, String message) {
        super(message);
        this.code = code;
    }

    /** The protocol's error code without its prefix, for example {@code UNKNOWN_TOPIC}. */
    public String code() {
        return code;
    }

    /** Definitely did not take effect; the same may succeed later. */
    public static final class Retriable extends HeadwaterException {
        private static final long serialVersionUID = 1L;

        public Retriable(String code, String message) {
            super(code, message);
        }
    }

    /** Definitely did not take effect, and will not unless the request or the broker's state changes. */
    public static sealed class Rejected extends HeadwaterException permits StaleLease {
        private static final long serialVersionUID = 1L;
        private final long validFrom;
        private final long validUntil;

        public Rejected(String code, String message) {
            this(code, message, -1, -1);
        }

        public Rejected(String code, String message, long validFrom, long validUntil) {
            super(code, message);
            this.validFrom = validFrom;
            this.validUntil = validUntil;
        }

        /** With {@code OFFSET_OUT_OF_RANGE}: the first offset that can be read; else -1. */
        public long validFrom() {
            return validFrom;
        }

        /** With {@code OFFSET_OUT_OF_RANGE}: one past the last offset that can be read; else -1. */
        public long validUntil() {
            return validUntil;
        }
    }

    /**
     * A lease of a record of a queue group is not valid any more: it has ended, or was settled otherwise. Nothing was
     * changed. Its code is {@code STALE_LEASE}.
     */
    public static final class StaleLease extends Rejected {
        private static final long serialVersionUID = 1L;
        private final RecordState state;

        public StaleLease(String message, RecordState state) {
            super("STALE_LEASE", message);
            this.state = state;
        }

        /** Where the record stands now. */
        public RecordState state() {
            return state;
        }
    }

    /** May or may not have taken effect. */
    public static final class OutcomeUnknown extends HeadwaterException {
        private static final long serialVersionUID = 1L;

        public OutcomeUnknown(String code, String message) {
            super(code, message);
        }
    }
}
