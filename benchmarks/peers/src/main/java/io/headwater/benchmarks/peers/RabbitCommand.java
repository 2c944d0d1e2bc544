package io.headwater.benchmarks.peers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** How RabbitMQ is started: as Debian's package installs it, with all its defaults but places, ports and loopback. */
final class RabbitCommand {
    private static final Path SCRIPTS = Path.of("/usr/lib/rabbitmq/bin");

    private RabbitCommand() {}

    /** @throws IllegalStateException if it is not installed */
    static List<String> of(Path data, int port, int distributionPort, int namesPort) {
        if (!Files.exists(SCRIPTS.resolve("rabbitmq-server"))) {
            throw new IllegalStateException("RabbitMQ: no " + SCRIPTS.resolve("rabbitmq-server")
                    + " (expected: Debian's package rabbitmq-server; apt-get install rabbitmq-server)");
        }
        return List.of(
                "env",
                // Where Erlang keeps the secret of its nodes.
                "HOME=" + data,
                "RABBITMQ_NODENAME=headwater-compare@localhost",
                "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1",
                "RABBITMQ_NODE_PORT=" + port,
                "RABBITMQ_DIST_PORT=" + distributionPort,
                "RABBITMQ_MNESIA_BASE=" + data.resolve("data"),
                "RABBITMQ_LOG_BASE=" + data.resolve("log"),
                "RABBITMQ_CONFIG_FILE=" + data.resolve("none"),
                "RABBITMQ_ENABLED_PLUGINS_FILE=" + data.resolve("no-plugins"),
                "RABBITMQ_PID_FILE=" + data.resolve("pid"),
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}",
                // A port mapper of its own, which listens nowhere else and ends with it.
                "ERL_EPMD_ADDRESS=127.0.0.1",
                "ERL_EPMD_PORT=" + namesPort,
                "sh",
                "-c",
                "trap 'kill $server; wait $server; epmd -kill >/dev/null' TERM; \"$0\" & server=$!; wait $server",
                SCRIPTS.resolve("rabbitmq-server").toString());
    }

    /** As Debian counts it. */
    static String version() {
        try {
            Process asked = new ProcessBuilder("dpkg-query", "-W", "-f", "${Version}", "rabbitmq-server")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
