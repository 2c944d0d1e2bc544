package io.headwater.client;

import java.time.Duration;

/**
 * A connection to a broker, and the door to everything else. Thread-safe; one per process is enough. Closing it closes
 * the producers and consumers made from it.
 */
public final class HeadwaterClient implements AutoCloseable {
    private HeadwaterClient() {}

    public static Builder builder() {
        return new Builder();
    }

    /** Starts to build a producer. */
    public Producer.Builder producer() {
        throw new UnsupportedOperationException();
    }

    /** Starts to build a consumer of streams. */
    public StreamConsumer.Builder streamConsumer() {
        throw new UnsupportedOperationException();
    }

    /** Topics, groups and the broker itself. Shares this client's connection. */
    public Admin admin() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }

    /** Builds a client. Not thread-safe. */
    public static final class Builder {
        Builder() {}

        /** {@code HOST:PORT}; default {@code 127.0.0.1:9440}. */
        public Builder server(String hostAndPort) {
            return this;
        }

        /** How long an operation may take before it fails, retries included; default 30 s. */
        public Builder timeout(Duration timeout) {
            return this;
        }

        /** Shown by the broker's status; default the process's id. */
        public Builder name(String clientName) {
            return this;
        }

        /** Connects lazily: the first operation reports an unreachable broker. */
        public HeadwaterClient build() {
            return new HeadwaterClient();
        }
    }
}
