package io.headwater.broker.metadata;

import java.io.IOException;

/**
 * The metadata log is not what this broker wrote. The broker refuses to start: guessing what topics there are would
 * turn damage into loss.
 */
public final class DamagedMetadataException extends IOException {
    private static final long serialVersionUID = 1;

    public DamagedMetadataException(String message) {
        super(message);
    }
}
