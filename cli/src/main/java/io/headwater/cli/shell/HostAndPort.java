package io.headwater.cli.shell;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;

/**
 * A broker's address.
 *
 * @param host without brackets
 */
record HostAndPort(String host, int port) {
    private static final int MAX_PORT = 65535;

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

    /**
     * Fails at once when nobody listens. The client itself would go on trying until its timeout, which is right for a
     * program that outlives its broker, and wrong for a person who forgot to start one.
     */
    void knock(Duration timeout) {
        InetSocketAddress address = new InetSocketAddress(host, port);
        if (address.isUnresolved()) {
            throw CommandFailure.failed("no such host: " + host + "\n  --server HOST:PORT names another");
        }
        try (Socket socket = new Socket()) {
            socket.connect(address, (int) Math.max(1, Math.min(timeout.toMillis(), Integer.MAX_VALUE)));
        } catch (IOException e) {
            throw CommandFailure.failed("no broker answers on " + this + " (" + e.getMessage()
                    + ")\n  start one with: headwater serve, or name another with --server");
        }
    }

    @Override
    public String toString() {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }
}
