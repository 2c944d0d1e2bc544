package io.headwater.client;

/**
 * What holds for everything that a client does.
 *
 * @param server where the brokers are looked for, for messages
 * @param timeoutNs of an operation, retries included
 * @param requestTimeoutNs of one request: after that long without an answer the connection counts as dead, and what may
 *     be repeated is repeated on a new one
 * @param keepAliveNs after that long in which nothing came, while something may, the broker is asked for a sign of life
 */
record ClientSettings(String server, String name, long timeoutNs, long requestTimeoutNs, long keepAliveNs) {
    static ClientSettings of(String server, String name, long timeoutNs, long keepAliveNs) {
        return new ClientSettings(server, name, timeoutNs, Math.max(1, timeoutNs / 3), keepAliveNs);
    }
}
