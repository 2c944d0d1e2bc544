package io.headwater.broker.work;

import io.headwater.broker.net.Connection;
import io.headwater.protocol.wire.Error;
import org.jspecify.annotations.Nullable;

/** What leaves when the decision behind it is durable: a delivery, or the answer to a settle. */
public interface Departure {
    /** Posts it; the caller wakes the connection. */
    void leave();

    /** To whom; null: to nobody outside. */
    @Nullable
    Connection connection();

    /** Instead: whether the decision is durable is not known. */
    void failed(Error error);
}
