package io.headwater.cli;

import io.headwater.broker.Broker;
import io.headwater.broker.config.BrokerConfig;
import io.headwater.broker.config.ConfigException;
import io.headwater.broker.config.ConfigLoader;
import io.headwater.broker.config.HostPort;
import io.headwater.broker.observe.BrokerLog;
import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.shell.ExitCode;
import io.headwater.cli.shell.FormatOption;
import io.headwater.cli.shell.Terminal;
import io.headwater.cli.text.JsonLines;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs a broker until it is told to stop. */
@Command(
        name = "serve",
        description = {
            "Run a broker until Ctrl-C or SIGTERM. Prints where it listens once it does; logs go to standard error.",
            "Settings come from the file, then from the environment, then from flags: the later wins. All of them are "
                    + "in docs/configuration.md."
        },
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footerHeading = "%nExamples:%n",
        footer = {
            "  headwater serve",
            "  headwater serve --data /var/lib/headwater --config /etc/headwater.toml",
            "  headwater serve --listen 127.0.0.1:0 --format json",
            "  headwater serve --set topics.retention=30d --set log.format=json",
            "  headwater serve --peer-listen 10.0.0.1:9442 --join 10.0.0.2:9442,10.0.0.3:9442 --rack a \\",
            "      --peer-cert broker.pem --peer-key broker.key --peer-ca ca.pem"
        })
final class ServeCommand implements Callable<Integer> {
    /** How long a graceful stop may take: the last group commit, on a disk that is busy. */
    private static final Duration LAST_WORDS = Duration.ofSeconds(60);

    private final Terminal terminal;

    @Option(names = "--config", paramLabel = "FILE", description = "A TOML file.")
    private @Nullable Path config;

    @Option(names = "--data", paramLabel = "DIR", description = "Where everything is kept (default: ./data).")
    private @Nullable String data;

    @Option(
            names = "--listen",
            paramLabel = "HOST:PORT",
            description = "For clients; port 0: any free one (default: 127.0.0.1:9440).")
    private @Nullable String listen;

    @Option(
            names = "--advertise",
            paramLabel = "HOST:PORT",
            description = "Where clients of a cluster find this broker (default: where it listens).")
    private @Nullable String advertise;

    @Option(
            names = "--admin",
            paramLabel = "HOST:PORT",
            description = "For /metrics, /healthz and /readyz (default: the port after that of --listen).")
    private @Nullable String admin;

    @Option(
            names = "--insecure",
            description = "Allow listeners beyond this machine, although nobody is authenticated yet.")
    private boolean insecure;

    @Option(
            names = "--peer-listen",
            paramLabel = "HOST:PORT",
            description = "For other brokers of the cluster (default: none, it stands alone).")
    private @Nullable String peerListen;

    @Option(
            names = "--peer-advertise",
            paramLabel = "HOST:PORT",
            description = "Where other brokers find this one (default: where it listens for them).")
    private @Nullable String peerAdvertise;

    @Option(
            names = "--join",
            paramLabel = "HOST:PORT[,...]",
            description = "Where members listen for brokers: joins their cluster if it is in none yet "
                    + "(default: founds one).")
    private @Nullable String join;

    @Option(
            names = "--rack",
            paramLabel = "NAME",
            description = "What fails together with this broker; replicas are spread over racks.")
    private @Nullable String rack;

    @Option(
            names = "--peer-cert",
            paramLabel = "FILE",
            description = "PEM: the certificate shown to other brokers. With --peer-key and --peer-ca: mutual TLS.")
    private @Nullable String peerCert;

    @Option(names = "--peer-key", paramLabel = "FILE", description = "PEM: its private key, PKCS #8.")
    private @Nullable String peerKey;

    @Option(
            names = "--peer-ca",
            paramLabel = "FILE",
            description = "PEM: the private CA that signs the brokers' certificates; names in them are not checked.")
    private @Nullable String peerCa;

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Any other setting. Repeatable.")
    private List<String> settings = new ArrayList<>();

    @Mixin
    private FormatOption format = new FormatOption();

    ServeCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws InterruptedException {
        BrokerConfig resolved;
        try {
            resolved = ConfigLoader.load(config, System.getenv(), flags());
        } catch (ConfigException e) {
            throw CommandFailure.usage(String.valueOf(e.getMessage()));
        }
        BrokerLog.install(resolved.log());
        CountDownLatch stop = new CountDownLatch(1);
        terminal.interrupts().during(LAST_WORDS, stop::countDown, () -> serve(resolved, stop));
        return ExitCode.OK;
    }

    private void serve(BrokerConfig resolved, CountDownLatch stop) throws InterruptedException {
        try (Broker broker = Broker.start(resolved)) {
            announce(resolved, broker);
            stop.await();
        } catch (IOException e) {
            throw CommandFailure.failed(explained(String.valueOf(e.getMessage()), resolved) + reason(e));
        }
    }

    /** What the file system had against it, where that is behind the failure. */
    private static String reason(IOException e) {
        if (!(e.getCause() instanceof FileSystemException refusal)) {
            return "";
        }
        String why = refusal.getReason();
        if (refusal instanceof FileAlreadyExistsException) {
            why = "it is a file, not a directory";
        } else if (refusal instanceof AccessDeniedException) {
            why = "permission denied";
        } else if (refusal instanceof NoSuchFileException) {
            why = "it cannot be made there";
        }
        return ": " + refusal.getFile() + (why == null ? "" : ": " + why) + "\n  --data DIR chooses another directory";
    }

    /** The transport says only "bind(..) failed", and may have a class of its own for it. */
    private static String explained(String message, BrokerConfig config) {
        if (!message.contains("Address already in use")) {
            return message;
        }
        String option = "--listen";
        HostPort taken = config.network().listen();
        if (message.contains("peer.listen")) {
            option = "--peer-listen";
            taken = config.peer().listen().orElse(taken);
        } else if (message.contains(":" + config.network().admin().port() + ":")) {
            option = "--admin";
            taken = config.network().admin();
        }
        return taken + " is taken; another broker may be running (headwater status)\n  " + option
                + " HOST:PORT chooses another address";
    }

    private void announce(BrokerConfig resolved, Broker broker) {
        String listens = address(resolved.network().listen().host(), broker.port());
        String admins = address(resolved.network().admin().host(), broker.adminPort());
        String directory = resolved.dataDirectory().toAbsolutePath().normalize().toString();
        if (format.isJson()) {
            new JsonLines(terminal.out()).object(json -> {
                json.writeStringField("listen", listens);
                json.writeStringField("admin", admins);
                json.writeStringField("data", directory);
            });
        } else {
            terminal.out().line("headwater listens on " + listens + ", admin " + admins + ", data " + directory);
        }
        terminal.out().flush();
    }

    private static String address(String host, int port) {
        return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + port;
    }

    private Map<String, String> flags() {
        Map<String, String> flags = new LinkedHashMap<>();
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            if (equals <= 0) {
                throw CommandFailure.usage("--set: " + setting + " (expected: KEY=VALUE)");
            }
            flags.put(setting.substring(0, equals), setting.substring(equals + 1));
        }
        putIfGiven(flags, "data", data);
        putIfGiven(flags, "listen", listen);
        putIfGiven(flags, "advertise", advertise);
        putIfGiven(flags, "admin", admin);
        putIfGiven(flags, "peer.listen", peerListen);
        putIfGiven(flags, "peer.advertise", peerAdvertise);
        putIfGiven(flags, "peer.join", join);
        putIfGiven(flags, "peer.rack", rack);
        putIfGiven(flags, "peer.cert", peerCert);
        putIfGiven(flags, "peer.key", peerKey);
        putIfGiven(flags, "peer.ca", peerCa);
        if (insecure) {
            flags.put("insecure", "true");
        }
        return flags;
    }

    private static void putIfGiven(Map<String, String> flags, String key, @Nullable String value) {
        if (value != null) {
            flags.put(key, value);
        }
    }
}
