package io.headwater.broker.consensus;

import java.io.IOException;

/** Carries calls from one voter to another. Bytes are the caller's again when a call returns. Any thread. */
public interface RaftCalls {
    /** What is called. */
    enum Call {
        REQUEST_VOTE,
        APPEND_ENTRIES,
        INSTALL_SNAPSHOT,
        START_ELECTION
    }

    /** The other end: answers what came in. */
    @FunctionalInterface
    interface Endpoint {
        /** @throws IOException to be told to the caller as a failed call */
        byte[] answer(Call call, byte[] request) throws IOException;
    }

    /**
     * Blocks until the answer is here.
     *
     * @throws IOException if there is none: nobody can say whether the call arrived
     */
    byte[] call(String voter, Call call, byte[] request) throws IOException;

    /** From now on calls to this voter come to this endpoint. */
    void serve(String voter, Endpoint endpoint);
}
