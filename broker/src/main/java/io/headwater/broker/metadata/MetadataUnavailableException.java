package io.headwater.broker.metadata;

/** The metadata log cannot be written any more; whether the command took effect is unknown until a restart. */
public final class MetadataUnavailableException extends Exception {
    private static final long serialVersionUID = 1;

    public MetadataUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
