package io.headwater.broker.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.headwater.protocol.Frame;
import io.headwater.protocol.wire.Deliver;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class ClientConnectionTest {
    private static final int ROUNDS = Integer.getInteger("headwater.wakes", 6_000);

    @TempDir
    Path directory;

    private final HeldWrites writes = new HeldWrites();
    private final EmbeddedChannel channel = new EmbeddedChannel(writes);
    private final ClientConnection connection = new ClientConnection(1, channel, new InFlight(1 << 30));
    private final AtomicInteger drained = new AtomicInteger();

    /** Keeps the last write on its way until the test says that the peer has taken it. */
    private static final class HeldWrites extends ChannelOutboundHandlerAdapter {
        @Nullable
        ChannelPromise last;

        @Override
        public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
            ReferenceCountUtil.release(message);
            last = promise;
        }

        void done() {
            ChannelPromise promise = last;
            if (promise != null) {
                promise.setSuccess();
            }
        }
    }

    /** Counts how often the owners are told to go on. */
    private final class Owners implements Requests {
        @Override
        public Offered offer(Frame frame) {
            return Offered.TAKEN;
        }

        @Override
        public void drained() {
            drained.incrementAndGet();
        }

        @Override
        public void closed() {}
    }

    /**
     * The first owner has been refused; the second asks while the last bytes leave. Whatever the second is told, the
     * first must hear that it may go on: nothing else would wake it.
     */
    @Test
    @Timeout(60)
    void tellsAnOwnerThatWaitsWhateverAnotherOneAsksMeanwhile() throws Exception {
        connection.wire(new ReadGate(connection, new InFlight(1 << 30), 1 << 20), new Owners());
        AtomicBoolean stop = new AtomicBoolean();
        Thread second = new Thread(() -> {
            while (!stop.get()) {
                connection.mayDeliver();
            }
        });
        int forgotten = 0;
        try (FileChannel file = FileChannel.open(Files.createFile(directory.resolve("log")))) {
            second.start();
            for (int round = 0; round < ROUNDS; round++) {
                connection.deliver(
                        Deliver.getDefaultInstance(),
                        new LentBytes(file, 0, ClientConnection.DELIVERY_HIGH_BYTES, () -> {}));
                connection.wake();
                channel.runPendingTasks();
                assertFalse(connection.mayDeliver());
                drained.set(0);
                writes.done();
                forgotten += drained.get() == 0 ? 1 : 0;
            }
        } finally {
            stop.set(true);
            second.join();
            channel.finishAndReleaseAll();
        }

        assertEquals(0, forgotten);
    }
}
