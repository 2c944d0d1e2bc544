package io.headwater.client;

/**
 * What holds for everything that a client does.
 *
 * @param server for messages
 * @param timeoutNs of an operation, retries included
 * @param requestTimeoutNs of one request: after that long without an answer the connection counts as dead, and what may
 *     be repeated is repeated on a new one
 */
record ClientSettings(String server, String name, long timeoutNs, long requestTimeoutNs) {
    static ClientSettings of(String server, String name, long timeoutNs) {
        return new ClientSettings(server, name, timeoutNs, Math.max(1, timeoutNs / 3));
    }
}
