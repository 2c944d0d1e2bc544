package io.headwater.broker.control;

/**
 * What does not change while the broker runs, for status.
 *
 * @param software name and version
 * @param startedMs wall clock
 * @param listen with the real port
 * @param admin with the real port
 */
public record BrokerFacts(
        int nodeId, String software, long startedMs, String dataDirectory, String listen, String admin, long pid) {}
