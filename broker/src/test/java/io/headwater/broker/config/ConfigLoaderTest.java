package io.headwater.broker.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.protocol.wire.AckLevel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigLoaderTest {
    @TempDir
    Path directory = Path.of("set by JUnit");

    private static BrokerConfig flags(String... keysAndValues) {
        Map<String, String> flags = new java.util.HashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            flags.put(keysAndValues[i], keysAndValues[i + 1]);
        }
        return ConfigLoader.load(null, Map.of(), flags);
    }

    private static void refused(String expected, String... keysAndValues) {
        ConfigException refusal = assertThrows(ConfigException.class, () -> flags(keysAndValues));
        String message = String.valueOf(refusal.getMessage());
        assertTrue(message.contains(expected), message);
        assertTrue(message.contains("expected") || message.contains("did you mean"), message);
    }

    private Path file(String text) throws IOException {
        return Files.writeString(directory.resolve("headwater.toml"), text);
    }

    @Test
    void needsNothing() {
        BrokerConfig config = flags();
        assertEquals("127.0.0.1:9440", config.network().listen().toString());
        assertEquals("127.0.0.1:9441", config.network().admin().toString());
        assertEquals(Path.of("./data"), config.dataDirectory());
        assertEquals(7 * 86_400_000L, config.topics().retentionMs());
        assertEquals(-1, config.topics().retentionBytes());
        assertEquals(1, config.topics().partitions());
        assertEquals(1 << 20, config.topics().maxRecordBytes());
        assertEquals(AckLevel.ACK_PERSISTED, config.topics().ackLevel());
        assertTrue(config.threads().owners() >= 1);
    }

    @Test
    void letsTheLaterWin() throws IOException {
        Path toml = file("""
                listen = "127.0.0.1:1000"
                [storage]
                segment-bytes = "64MiB"
                idle-after = "1m"
                [topics]
                partitions = 3
                """);
        Map<String, String> environment =
                Map.of("HEADWATER_STORAGE_SEGMENT_BYTES", "32MiB", "HEADWATER_LISTEN", "[::1]:2000");
        BrokerConfig config = ConfigLoader.load(toml, environment, Map.of("listen", "127.0.0.1:3000"));
        assertEquals(3000, config.network().listen().port());
        assertEquals(32 << 20, config.storage().segmentBytes());
        assertEquals(60_000, config.storage().idleAfterMs());
        assertEquals(3, config.topics().partitions());
        assertEquals("127.0.0.1:3001", config.network().admin().toString());
    }

    @Test
    void takesPortZeroForBothListeners() {
        BrokerConfig config = flags("listen", "127.0.0.1:0");
        assertEquals(0, config.network().listen().port());
        assertEquals(0, config.network().admin().port());
    }

    @Test
    void suggestsWhatAMisspeltSettingMeant() throws IOException {
        refused("did you mean storage.segment-bytes?", "storage.segmnt-bytes", "1");
        refused("did you mean storage.segment-bytes?", "segment-bytes", "1");
        refused("did you mean listen?", "listn", "1");
        ConfigException inFile = assertThrows(
                ConfigException.class,
                () -> ConfigLoader.load(file("[topics]\nretenton = \"1d\"\n"), Map.of(), Map.of()));
        assertTrue(String.valueOf(inFile.getMessage()).contains("did you mean topics.retention?"), inFile.toString());
        ConfigException inEnvironment = assertThrows(
                ConfigException.class, () -> ConfigLoader.load(null, Map.of("HEADWATER_LISTN", "x"), Map.of()));
        assertTrue(String.valueOf(inEnvironment.getMessage()).contains("HEADWATER_LISTEN"), inEnvironment.toString());
    }

    @Test
    void leavesOtherVariablesWithOurPrefixAlone() {
        ConfigLoader.load(null, Map.of("HEADWATER_SERVER", "x", "HEADWATER_PORT_9440_TCP_ADDR", "10.0.0.1"), Map.of());
    }

    @Test
    void refusesListenersBeyondLoopbackUnlessTheUserInsists() {
        refused("loopback", "listen", "0.0.0.0:9440");
        refused("loopback", "listen", "192.0.2.1:9440");
        refused("loopback", "admin", "0.0.0.0:9441");
        BrokerConfig open = flags("listen", "0.0.0.0:9440", "insecure", "true");
        assertEquals("127.0.0.1:9441", open.network().admin().toString());
    }

    @Test
    void standsAloneUnlessToldWhereBrokersConnect() {
        assertEquals(Optional.empty(), flags().peer().listen());
        BrokerConfig.Peer peer = flags(
                        "peer.listen", "127.0.0.1:9442", "peer.join", "10.0.0.2:9442, b:1", "peer.rack", "a")
                .peer();
        assertEquals(Optional.of(new HostPort("127.0.0.1", 9442)), peer.listen());
        assertEquals(List.of(new HostPort("10.0.0.2", 9442), new HostPort("b", 1)), peer.join());
        assertEquals("a", peer.rack());
        assertEquals(Optional.empty(), peer.tls());
        refused("peer.join", "peer.join", "10.0.0.2:9442");
        refused("--join: peer.join: b ", "peer.listen", "127.0.0.1:0", "peer.join", "b");
        refused("peer.join: b:0", "peer.listen", "127.0.0.1:0", "peer.join", "b:0");
        refused("peer.listen", "peer.listen", "127.0.0.1:9440");
        refused("peer.listen", "peer.listen", "127.0.0.1:9441");
    }

    @Test
    void tellsOthersAnotherAddressThanTheOneItListensOn() {
        BrokerConfig behind = flags(
                "peer.listen", "127.0.0.1:9442", "peer.advertise", "b.example:19442", "advertise", "b.example:19440");
        assertEquals(
                Optional.of(new HostPort("b.example", 19440)), behind.network().advertise());
        assertEquals(
                Optional.of(new HostPort("b.example", 19442)), behind.peer().advertise());
        assertEquals(Optional.empty(), flags().network().advertise());
        refused("--advertise: advertise: b ", "advertise", "b");
        refused("advertise: b:0", "advertise", "b:0");
        refused("peer.advertise: b:0", "peer.listen", "127.0.0.1:9442", "peer.advertise", "b:0");
        refused("none without peer.listen", "peer.advertise", "b:1");
    }

    @Test
    void refusesStrangersAmongBrokersUnlessTheUserInsists() {
        refused("loopback", "peer.listen", "0.0.0.0:9442");
        flags("peer.listen", "0.0.0.0:9442", "insecure", "true");
        BrokerConfig.Peer peer = flags("peer.listen", "0.0.0.0:9442", "peer.cert", "c", "peer.key", "k", "peer.ca", "a")
                .peer();
        assertEquals(Optional.of(new BrokerConfig.Peer.Tls(Path.of("c"), Path.of("k"), Path.of("a"))), peer.tls());
        refused("all three", "peer.listen", "127.0.0.1:9442", "peer.cert", "c", "peer.key", "k");
        refused("all three", "peer.listen", "127.0.0.1:9442", "peer.ca", "a");
    }

    @Test
    void namesTheValueAndWhatWasExpected() {
        refused("topics.retention: 7 ", "topics.retention", "7");
        refused("topics.retention: soon", "topics.retention", "soon");
        refused("storage.segment-bytes", "storage.segment-bytes", "1KiB");
        refused("storage.segment-bytes", "storage.segment-bytes", "unlimited");
        refused("topics.partitions", "topics.partitions", "0");
        refused("topics.partitions", "topics.partitions", "many");
        refused("topics.ack", "topics.ack", "sometimes");
        refused("topics.record-bytes", "topics.record-bytes", "65MiB");
        refused("network.frame-bytes", "topics.record-bytes", "17MiB");
        refused("groups.heartbeat-interval", "groups.heartbeat-interval", "20s");
        refused("log.format", "log.format", "xml");
        refused("insecure", "insecure", "perhaps");
        refused("listen", "listen", "9440");
        refused("listen", "listen", "127.0.0.1:99999");
    }

    @Test
    void refusesAFileThatIsNotThereOrNotToml() throws IOException {
        assertThrows(
                ConfigException.class, () -> ConfigLoader.load(directory.resolve("absent.toml"), Map.of(), Map.of()));
        ConfigException broken =
                assertThrows(ConfigException.class, () -> ConfigLoader.load(file("listen = \n"), Map.of(), Map.of()));
        assertTrue(String.valueOf(broken.getMessage()).contains("line 1"), broken.toString());
    }

    @Test
    void readsUnitsAsPeopleWriteThem() {
        assertEquals(500, Units.durationMs("500ms"));
        assertEquals(90_000, Units.durationMs("1.5m"));
        assertEquals(14L * 86_400_000, Units.durationMs("2w"));
        assertEquals(-1, Units.durationMs("unlimited"));
        assertEquals(10L << 30, Units.bytes("10GiB"));
        assertEquals(10_000_000_000L, Units.bytes("10 GB"));
        assertEquals(4096, Units.bytes("4096"));
        assertThrows(ConfigException.class, () -> Units.bytes("0.3B"));
        assertThrows(ConfigException.class, () -> Units.bytes("99999999999TiB"));
        assertThrows(ConfigException.class, () -> Units.durationMs("-1s"));
        assertEquals("7d", Units.showDuration(7 * 86_400_000L));
        assertEquals("64KiB", Units.showBytes(65_536));
        assertEquals("unlimited", Units.showBytes(-1));
    }

    @Test
    void everyDefaultIsWhatThePageSays() {
        for (Knob knob : Knob.values()) {
            if (knob != Knob.ADMIN) {
                flags(knob.key, knob.defaultText);
            }
        }
    }
}
