package io.headwater.broker.replica;

/**
 * @param preferMs how long an election that could be decided waits for the preferred leader's report
 * @param retryMs after how long without effect something is asked for again
 */
public record ControllerSettings(long preferMs, long retryMs) {
    public static final ControllerSettings DEFAULTS = new ControllerSettings(20, 500);
}
