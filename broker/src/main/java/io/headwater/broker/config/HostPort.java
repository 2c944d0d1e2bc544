package io.headwater.broker.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An address to listen on: {@code 127.0.0.1:9440}, {@code localhost:0}, {@code [::1]:9440}.
 *
 * @param host without brackets
 * @param port 0: any free one
 */
public record HostPort(String host, int port) {
    private static final Pattern FORM = Pattern.compile("(?:\\[([0-9A-Fa-f:.%]+)]|([^:\\s\\[\\]]+)):([0-9]{1,5})");

    public HostPort {
        ConfigException.require(port >= 0 && port <= 65_535, "port", port, "0 to 65535");
        ConfigException.require(!host.isEmpty(), "host", "empty", "a name or an address");
    }

    public static HostPort parse(String text) {
        Matcher matcher = FORM.matcher(text.strip());
        if (!matcher.matches()) {
            throw new ConfigException(text + " (expected: HOST:PORT, such as 127.0.0.1:9440 or [::1]:9440)");
        }
        String host = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
        return new HostPort(host, Integer.parseInt(matcher.group(3)));
    }

    /** Whether only this machine can reach it. An unknown name counts as not: what cannot be proved is refused. */
    public boolean isLoopback() {
        try {
            for (InetAddress address : InetAddress.getAllByName(host)) {
                if (!address.isLoopbackAddress()) {
                    return false;
                }
            }
            return true;
        } catch (UnknownHostException e) {
            return false;
        }
    }

    public InetSocketAddress socketAddress() {
        return new InetSocketAddress(host, port);
    }

    @Override
    public String toString() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }
}
