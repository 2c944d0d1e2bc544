package io.headwater.cli.shell;

/** The form of an address, checked before anything tries to resolve it. */
final class HostAndPort {
    private static final int MAX_PORT = 65535;

    private HostAndPort() {}

    static void check(String text) {
        int colon = text.lastIndexOf(':');
        if (colon <= 0 || !isPort(text.substring(colon + 1))) {
            throw CommandFailure.usage("--server: " + text + " (expected: HOST:PORT, for example 127.0.0.1:9440)");
        }
    }

    private static boolean isPort(String text) {
        try {
            int port = Integer.parseInt(text);
            return port > 0 && port <= MAX_PORT;
        } catch (NumberFormatException e) {
            return false;
        }
    }
}
