package io.headwater.broker.observe;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import io.headwater.broker.config.BrokerConfig;
import org.slf4j.LoggerFactory;

/**
 * Sets up logging for a broker process: lines on standard error, in the asked-for format. For whoever owns the process;
 * an embedded broker leaves logging to its host.
 */
public final class BrokerLog {
    private BrokerLog() {}

    /** Replaces whatever logback was configured with. Does nothing where slf4j is bound to something else. */
    public static void install(BrokerConfig.Log config) {
        if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
            return;
        }
        context.reset();
        LogLine layout = new LogLine(config.format());
        layout.setContext(context);
        layout.start();
        LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
        encoder.setContext(context);
        encoder.setLayout(layout);
        encoder.start();
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setContext(context);
        appender.setTarget("System.err");
        appender.setEncoder(encoder);
        appender.start();
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.WARN);
        root.addAppender(appender);
        // It says at length, again and again, that a voter which is down cannot be reached.
        context.getLogger("org.apache.ratis").setLevel(Level.ERROR);
        context.getLogger("io.headwater").setLevel(level(config.level()));
    }

    private static Level level(BrokerConfig.Log.Level level) {
        return switch (level) {
            case ERROR -> Level.ERROR;
            case WARN -> Level.WARN;
            case INFO -> Level.INFO;
            case DEBUG -> Level.DEBUG;
        };
    }
}
