package io.headwater.cli.shell;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A broker's address.
 *
 * @param host without brackets
 */
record HostAndPort(String host, int port) {
    private static final int MAX_PORT = 65535;
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    static HostAndPort parse(String text) {
        int colon = text.lastIndexOf(':');
        int port = colon <= 0 ? 0 : port(text.substring(colon + 1));
        if (port == 0) {
            throw CommandFailure.usage((text.isEmpty() ? "--server (or HEADWATER_SERVER): empty" : "--server: " + text)
                    + " (expected: HOST:PORT, for example 127.0.0.1:9440)");
        }
        return new HostAndPort(text.substring(0, colon).replaceAll("^\\[(.*)]$", "$1"), port);
    }

    /** 0: it is none. */
    private static int port(String text) {
        try {
            int port = Integer.parseInt(text);
            return port > MAX_PORT ? 0 : Math.max(0, port);
        } catch (NumberFormatException e) {
            return 0;
        }
    }

    /** With commas between them. */
    static List<HostAndPort> parseAll(String text) {
        return Arrays.stream(text.split(",", -1)).map(one -> parse(one.strip())).toList();
    }

    /**
     * Fails at once when nobody listens on any of them. The client itself would go on trying until its timeout, which is
     * right for a program that outlives its brokers, and wrong for a person who forgot to start one.
     */
    static void knockAny(List<HostAndPort> addresses, Duration timeout) {
        List<String> problems = new ArrayList<>();
        for (HostAndPort address : addresses) {
            // Who is slow to say no keeps nobody from asking the next.
            Duration patience = addresses.size() > 1 && timeout.compareTo(PATIENCE) > 0 ? PATIENCE : timeout;
            String problem = address.knock(patience);
            if (problem == null) {
                return;
            }
            problems.add(problem);
        }
        throw CommandFailure.failed(String.join("\n", problems)
                + "\n  start one with: headwater serve, or name another with --server HOST:PORT");
    }

    /** Null: somebody listens. Else what is wrong. */
    private @Nullable String knock(Duration timeout) {
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            return "no such host: " + host;
        }
        try (Socket socket = new Socket()) {
            socket.connect(address, (int) Math.max(1, Math.min(timeout.toMillis(), Integer.MAX_VALUE)));
            return null;
        } catch (IOException e) {
            return "no broker answers on " + this + " (" + e.getMessage() + ")";
        }
    }

    @Override
    public String toString() {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }
}
