package io.headwater.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.core.spi.ContextAwareBase;

/**
 * Logs nothing until a broker turns logging on: what goes wrong in a client command is its error message. In code,
 * because looking for a file and parsing it would cost every command a tenth of a second.
 */
public final class QuietLogging extends ContextAwareBase implements Configurator {
    /** Found by logback through META-INF/services. */
    @Override
    public ExecutionStatus configure(LoggerContext context) {
        context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.OFF);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }
}
