package io.headwater.cli.shell;

import io.headwater.cli.text.DurationText;
import io.headwater.client.HeadwaterClient;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Option;

/** Which brokers, and how long to wait for it: the options of every command that talks to one. */
public final class ServerOptions {
    @Option(
            names = "--server",
            paramLabel = "HOST:PORT[,...]",
            defaultValue = "${env:HEADWATER_SERVER:-127.0.0.1:9440}",
            description = "The broker, or some of a cluster (default: HEADWATER_SERVER, else 127.0.0.1:9440).")
    private String server = "127.0.0.1:9440";

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            defaultValue = "30s",
            converter = DurationText.Converter.class,
            description = "Give up an operation after this time, retries included (default: 30s).")
    private Duration timeout = Duration.ofSeconds(30);

    public String server() {
        return server;
    }

    public Duration timeout() {
        return timeout;
    }

    /** A client of these brokers, if one of them is there. The caller closes it. */
    public HeadwaterClient connect() {
        List<HostAndPort> addresses = HostAndPort.parseAll(server);
        if (timeout.isZero()) {
            throw CommandFailure.usage("--timeout: 0 (expected: more than nothing, for example 30s)");
        }
        HostAndPort.knockAny(addresses, timeout);
        return HeadwaterClient.builder().server(server).timeout(timeout).build();
    }
}
