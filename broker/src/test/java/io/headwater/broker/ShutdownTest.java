package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.config.BrokerConfig;
import io.headwater.broker.config.HostPort;
import io.headwater.protocol.Frame;
import io.headwater.protocol.FrameType;
import io.headwater.protocol.wire.ErrorCode;
import io.headwater.protocol.wire.Goodbye;
import io.headwater.protocol.wire.ProduceReply;
import io.headwater.storage.DirectoryLockedException;
import io.headwater.storage.FileSystemDisk;
import io.headwater.storage.testing.FaultyDisk;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(ExpectedErrors.class)
class ShutdownTest {
    @TempDir
    Path directory;

    @Test
    void answersWhatIsInFlightThenSaysGoodbyeThenCloses() throws Exception {
        FaultyDisk disk = new FaultyDisk(new FileSystemDisk());
        Broker broker = Broker.start(config(), Ports.real().withDisk(disk));
        try (RawClient client = RawClient.connected(broker.port())) {
            long partition = client.createTopic("orders", 1).getPartitions(0).getPartitionId();
            client.produce(partition, Batches.of("first"));
            disk.stallSyncs();
            int inFlight = client.sendProduce(partition, Batches.of("second"));
            disk.awaitStalled();

            CompletableFuture<Void> closing = CompletableFuture.runAsync(broker::close);
            disk.resume();

            Frame reply = client.reply(inFlight);
            assertEquals(1, reply.message(ProduceReply.class).getResults(0).getBaseOffset());
            Frame last = client.push();
            assertEquals(FrameType.GOODBYE, last.type());
            assertEquals(
                    ErrorCode.ERROR_SHUTTING_DOWN,
                    last.message(Goodbye.class).getReason().getCode());
            assertThrows(IOException.class, client::read);
            closing.get(20, TimeUnit.SECONDS);
        }
        assertThrows(IOException.class, () -> new RawClient(broker.port()).close());
    }

    @Test
    void closingTwiceIsQuiet() throws Exception {
        Broker broker = Broker.start(config());

        broker.close();
        broker.close();
    }

    @Test
    void aSecondBrokerOnTheSameDirectoryIsRefusedAndTheFirstGoesOn() throws Exception {
        try (Broker first = Broker.start(config())) {
            IOException refused = assertThrows(DirectoryLockedException.class, () -> Broker.start(config()));

            assertTrue(refused.toString().contains(directory.toString()), refused.toString());
            try (RawClient client = RawClient.connected(first.port())) {
                client.createTopic("orders", 1);
            }
        }
    }

    @Test
    void anAddressInUseIsNamedAndNothingStaysOpen() throws Exception {
        Path elsewhere = directory.resolve("elsewhere");
        try (Broker first = Broker.start(config())) {
            BrokerConfig free = BrokerConfig.onFreePorts(elsewhere);
            BrokerConfig taken = free.withNetwork(new BrokerConfig.Network(
                    new HostPort("127.0.0.1", first.port()),
                    free.network().advertise(),
                    free.network().admin(),
                    false,
                    free.network().maxFrameBytes(),
                    free.network().maxConnections(),
                    free.network().maxInFlightBytes()));

            IOException refused = assertThrows(IOException.class, () -> Broker.start(taken));

            assertTrue(refused.toString().contains(Integer.toString(first.port())), refused.toString());
        }
        Broker.start(BrokerConfig.onFreePorts(elsewhere)).close();
    }

    private BrokerConfig config() {
        return BrokerConfig.onFreePorts(directory);
    }
}
