package io.headwater.broker.config;

import io.headwater.protocol.wire.AckLevel;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Makes the typed tree from settings as text. */
final class ConfigTree {
    private final Map<Knob, ConfigLoader.Setting> settings;
    private final int processors;

    ConfigTree(Map<Knob, ConfigLoader.Setting> settings, int processors) {
        this.settings = settings;
        this.processors = processors;
    }

    BrokerConfig build() {
        HostPort listen = address(Knob.LISTEN, null);
        int next = listen.port() == 0 ? 0 : listen.port() + 1;
        HostPort admin = address(Knob.ADMIN, () -> new HostPort("127.0.0.1", next));
        return new BrokerConfig(
                value(Knob.DATA, Path::of),
                new BrokerConfig.Network(
                        listen,
                        optional(Knob.ADVERTISE, HostPort::parse),
                        admin,
                        value(Knob.INSECURE, ConfigTree::flag),
                        Math.toIntExact(Math.min(Integer.MAX_VALUE, bytes(Knob.FRAME_BYTES))),
                        count(Knob.CONNECTIONS),
                        bytes(Knob.IN_FLIGHT_BYTES)),
                peer(),
                new BrokerConfig.Topics(
                        count(Knob.TOPIC_PARTITIONS),
                        value(Knob.TOPIC_RETENTION, Units::durationMs),
                        value(Knob.TOPIC_RETENTION_BYTES, Units::bytes),
                        value(Knob.TOPIC_ACK, ConfigTree::ack),
                        Math.toIntExact(Math.min(Integer.MAX_VALUE, bytes(Knob.RECORD_BYTES))),
                        count(Knob.MAX_PARTITIONS)),
                new BrokerConfig.Storage(
                        bytes(Knob.SEGMENT_BYTES),
                        duration(Knob.IDLE_AFTER),
                        duration(Knob.RETENTION_CHECK),
                        bytes(Knob.MIN_FREE_BYTES),
                        duration(Knob.SCRUB_INTERVAL),
                        bytes(Knob.SCRUB_RATE)),
                new BrokerConfig.Groups(
                        duration(Knob.SESSION_TIMEOUT),
                        duration(Knob.HEARTBEAT_INTERVAL),
                        duration(Knob.GRACE),
                        duration(Knob.REVOCATION_TIMEOUT),
                        duration(Knob.VIEW_INTERVAL)),
                new BrokerConfig.Queues(bytes(Knob.QUEUE_MEMORY)),
                new BrokerConfig.Threads(threads(Knob.NETWORK_THREADS), threads(Knob.OWNER_THREADS)),
                new BrokerConfig.Log(
                        value(Knob.LOG_FORMAT, text -> constant(BrokerConfig.Log.Format.class, text, "text or json")),
                        value(
                                Knob.LOG_LEVEL,
                                text -> constant(BrokerConfig.Log.Level.class, text, "error, warn, info or debug"))));
    }

    private BrokerConfig.Peer peer() {
        Optional<Path> cert = optional(Knob.PEER_CERT, Path::of);
        Optional<Path> key = optional(Knob.PEER_KEY, Path::of);
        Optional<Path> ca = optional(Knob.PEER_CA, Path::of);
        ConfigException.require(
                cert.isPresent() == key.isPresent() && cert.isPresent() == ca.isPresent(),
                "peer.cert, peer.key, peer.ca",
                Stream.of(cert, key, ca).flatMap(Optional::stream).toList(),
                "all three files, or none");
        return new BrokerConfig.Peer(
                optional(Knob.PEER_LISTEN, HostPort::parse),
                optional(Knob.PEER_ADVERTISE, HostPort::parse),
                value(Knob.PEER_JOIN, ConfigTree::addresses),
                value(Knob.PEER_RACK, String::strip),
                cert.map(file -> new BrokerConfig.Peer.Tls(file, key.orElseThrow(), ca.orElseThrow())),
                value(Knob.PEER_COPY_RATE, Units::bytes));
    }

    private static List<HostPort> addresses(String text) {
        return text.isBlank()
                ? List.of()
                : Stream.of(text.split(",")).map(HostPort::parse).toList();
    }

    private <T> Optional<T> optional(Knob knob, Function<String, T> parser) {
        return value(knob, text -> text.isBlank() ? Optional.empty() : Optional.of(parser.apply(text.strip())));
    }

    private <T> T value(Knob knob, Function<String, T> parser) {
        ConfigLoader.Setting setting = settings.get(knob);
        if (setting == null) {
            return parser.apply(knob.defaultText);
        }
        try {
            return parser.apply(setting.text());
        } catch (IllegalArgumentException e) {
            throw new ConfigException(setting.source() + ": " + knob.key + ": " + e.getMessage());
        }
    }

    private HostPort address(Knob knob, @Nullable Supplier<HostPort> otherwise) {
        return otherwise != null && !settings.containsKey(knob) ? otherwise.get() : value(knob, HostPort::parse);
    }

    private long bytes(Knob knob) {
        return value(knob, text -> limited(Units.bytes(text)));
    }

    private long duration(Knob knob) {
        return value(knob, text -> limited(Units.durationMs(text)));
    }

    private static long limited(long amount) {
        if (amount == Units.UNLIMITED) {
            throw new ConfigException("unlimited (expected: a limit)");
        }
        return amount;
    }

    private int count(Knob knob) {
        return value(knob, text -> {
            try {
                return Integer.parseInt(text.strip());
            } catch (NumberFormatException e) {
                throw new ConfigException(text + " (expected: a whole number)");
            }
        });
    }

    private int threads(Knob knob) {
        int configured = count(knob);
        return configured == 0 ? Math.max(1, processors / 2) : configured;
    }

    private static boolean flag(String text) {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new ConfigException(text + " (expected: true or false)");
        };
    }

    private static AckLevel ack(String text) {
        return switch (text.strip().toLowerCase(Locale.ROOT)) {
            case "persisted" -> AckLevel.ACK_PERSISTED;
            case "replicated" -> AckLevel.ACK_REPLICATED;
            case "memory" -> AckLevel.ACK_MEMORY;
            default -> throw new ConfigException(text + " (expected: persisted, replicated or memory)");
        };
    }

    private static <E extends Enum<E>> E constant(Class<E> type, String text, String expected) {
        try {
            return Enum.valueOf(type, text.strip().toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new ConfigException(text + " (expected: " + expected + ")");
        }
    }
}
