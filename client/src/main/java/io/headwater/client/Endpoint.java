package io.headwater.client;

import java.util.ArrayList;
import java.util.List;

/**
 * Where a broker listens.
 *
 * @param host without brackets
 */
record Endpoint(String host, int port) {
    private static final int MAX_PORT = 65_535;

    /** @throws IllegalArgumentException the text is not {@code HOST:PORT} */
    static Endpoint parse(String text) {
        int colon = text.lastIndexOf(':');
        int port = 0;
        if (colon > 0) {
            try {
                port = Integer.parseInt(text.substring(colon + 1));
            } catch (NumberFormatException e) {
                port = 0;
            }
        }
        if (port < 1 || port > MAX_PORT) {
            throw new IllegalArgumentException("server: " + text + " (expected: HOST:PORT)");
        }
        String host = text.substring(0, colon);
        boolean isBracketed = host.startsWith("[") && host.endsWith("]");
        return new Endpoint(isBracketed ? host.substring(1, host.length() - 1) : host, port);
    }

    /** Of {@code HOST:PORT,HOST:PORT}, without repetitions. */
    static List<Endpoint> parseAll(String text) {
        List<Endpoint> all = new ArrayList<>();
        for (String one : text.split(",", -1)) {
            Endpoint endpoint = parse(one.strip());
            if (!all.contains(endpoint)) {
                all.add(endpoint);
            }
        }
        return all;
    }

    @Override
    public String toString() {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }
}
