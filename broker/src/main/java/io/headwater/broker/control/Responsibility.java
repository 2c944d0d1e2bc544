package io.headwater.broker.control;

import io.headwater.protocol.wire.Error;

/** Whether this broker decides what one has to decide for the whole cluster. Any thread. */
public interface Responsibility {
    /** Of a broker that stands alone. */
    Responsibility ALONE = new Responsibility() {
        @Override
        public boolean isHere() {
            return true;
        }

        @Override
        public Error elsewhere() {
            throw new IllegalStateException("nobody else is there");
        }
    };

    boolean isHere();

    /** What a client is told that asks here while it is not: who decides, as far as known. */
    Error elsewhere();
}
