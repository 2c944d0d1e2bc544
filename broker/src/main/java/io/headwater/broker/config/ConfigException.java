package io.headwater.broker.config;

/** A setting that cannot be used. The message names it, shows its value and says what was expected. */
public final class ConfigException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    public ConfigException(String message) {
        super(message);
    }

    static void require(boolean holds, String name, Object value, String expected) {
        if (!holds) {
            throw new ConfigException(name + ": " + value + " (expected: " + expected + ")");
        }
    }
}
