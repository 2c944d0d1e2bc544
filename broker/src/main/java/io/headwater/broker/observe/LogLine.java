package io.headwater.broker.observe;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.LayoutBase;
import io.headwater.broker.config.BrokerConfig;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;

/**
 * One event, one line: text for people ({@code time level message}), or a JSON object. Whatever users put into names can
 * neither break a line nor colour a terminal: control characters are escaped in both. A stack trace follows a text line
 * on lines of its own, and is a field in JSON.
 */
final class LogLine extends LayoutBase<ILoggingEvent> {
    private static final DateTimeFormatter TIME =
            new DateTimeFormatterBuilder().appendInstant(3).toFormatter();

    private final BrokerConfig.Log.Format format;

    LogLine(BrokerConfig.Log.Format format) {
        this.format = format;
    }

    @Override
    public String doLayout(ILoggingEvent event) {
        return format == BrokerConfig.Log.Format.JSON ? json(event) : text(event);
    }

    private static String text(ILoggingEvent event) {
        StringBuilder line = new StringBuilder(160);
        TIME.formatTo(event.getInstant(), line);
        line.append(' ');
        String level = event.getLevel().toString();
        line.append(level).append(" ".repeat(Math.max(1, 6 - level.length())));
        escape(event.getFormattedMessage(), line, false);
        line.append('\n');
        IThrowableProxy failure = event.getThrowableProxy();
        if (failure != null) {
            ThrowableProxyUtil.asString(failure).lines().forEach(frame -> {
                line.append("    ");
                escape(frame, line, false);
                line.append('\n');
            });
        }
        return line.toString();
    }

    private static String json(ILoggingEvent event) {
        StringBuilder line = new StringBuilder(200).append("{\"time\":\"");
        TIME.formatTo(event.getInstant(), line);
        line.append("\",\"level\":\"").append(event.getLevel()).append("\",\"thread\":\"");
        escape(event.getThreadName(), line, true);
        line.append("\",\"logger\":\"");
        escape(event.getLoggerName(), line, true);
        line.append("\",\"message\":\"");
        escape(event.getFormattedMessage(), line, true);
        IThrowableProxy failure = event.getThrowableProxy();
        if (failure != null) {
            line.append("\",\"error\":\"");
            escape(ThrowableProxyUtil.asString(failure), line, true);
        }
        return line.append("\"}\n").toString();
    }

    private static void escape(String text, StringBuilder out, boolean inQuotes) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (inQuotes && (c == '"' || c == '\\')) {
                out.append('\\').append(c);
            } else if ((Character.isISOControl(c) && (c != '\t' || inQuotes)) || c == '\u2028' || c == '\u2029') {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
    }
}
