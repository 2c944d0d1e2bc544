package io.headwater.broker.metadata;

/** Nothing can be agreed on at this moment: the log cannot be written, or too few of those who vote on it are reached. */
public final class MetadataUnavailableException extends Exception {
    private static final long serialVersionUID = 1;

    private final boolean definite;

    /** Whether the command took effect is unknown. */
    public MetadataUnavailableException(String message, Throwable cause) {
        super(message, cause);
        this.definite = false;
    }

    private MetadataUnavailableException(String message) {
        super(message);
        this.definite = true;
    }

    /** Nothing was proposed. */
    public static MetadataUnavailableException definite(String message) {
        return new MetadataUnavailableException(message);
    }

    /** The command did not take effect, and will not. */
    public boolean isDefinite() {
        return definite;
    }
}
