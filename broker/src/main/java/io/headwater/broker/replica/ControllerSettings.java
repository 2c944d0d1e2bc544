package io.headwater.broker.replica;

/**
 * @param preferMs how long an election that could be decided waits for the preferred leader's report
 * @param retryMs after how long without effect something is asked for again
 * @param rules all of them, but in a test
 */
public record ControllerSettings(long preferMs, long retryMs, Rules rules) {
    public static final ControllerSettings DEFAULTS = new ControllerSettings(20, 500);

    public ControllerSettings(long preferMs, long retryMs) {
        this(preferMs, retryMs, Rules.ALL);
    }
}
