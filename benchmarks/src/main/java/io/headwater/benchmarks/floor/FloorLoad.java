package io.headwater.benchmarks.floor;

import io.headwater.benchmarks.load.CpuTimes;
import io.headwater.benchmarks.load.Environment;
import io.headwater.benchmarks.load.LoadResult;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import java.util.zip.CRC32C;

/**
 * Loads a {@link FloorServer} with blocks as large as a full batch, five in flight. Sends the same block again and again:
 * building batches is the driver's work and not what the floor is about.
 *
 * @param recordBytes the size of a record's value; each stands for eight bytes more, as in a batch
 */
public record FloorLoad(int port, int recordBytes, long records) {
    private static final int BLOCK_BYTES = 256 << 10;
    private static final int RECORD_OVERHEAD_BYTES = 8;
    private static final int IN_FLIGHT = 5;

    /** Runs on the calling thread until everything is acknowledged. */
    public LoadResult run(LongSupplier nanoTime) throws IOException {
        int recordsPerBlock = BLOCK_BYTES / (recordBytes + RECORD_OVERHEAD_BYTES);
        long blocks = Math.max(1, records / recordsPerBlock);
        ByteBuffer block = block(recordsPerBlock * (recordBytes + RECORD_OVERHEAD_BYTES));
        try (SocketChannel channel =
                SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))) {
            CpuTimes before = CpuTimes.now();
            long startNs = nanoTime.getAsLong();
            send(channel, block, blocks);
            double seconds = (nanoTime.getAsLong() - startNs) / 1e9;
            CpuTimes cpu = CpuTimes.now().since(before);
            long sent = blocks * recordsPerBlock;
            return new LoadResult(
                    "floor",
                    Map.of("recordBytes", Integer.toString(recordBytes)),
                    sent,
                    0,
                    0,
                    "",
                    sent * recordBytes,
                    seconds,
                    cpu.machineSeconds() - cpu.driverSeconds(),
                    cpu.driverSeconds(),
                    Map.of(),
                    Map.of(),
                    Environment.current());
        }
    }

    private static ByteBuffer block(int bytes) {
        byte[] content = new byte[bytes];
        new SplittableRandom(bytes).nextBytes(content);
        CRC32C crc = new CRC32C();
        crc.update(content);
        return ByteBuffer.allocateDirect(8 + bytes)
                .putInt(bytes)
                .putInt((int) crc.getValue())
                .put(content)
                .flip();
    }

    private static void send(SocketChannel channel, ByteBuffer block, long blocks) throws IOException {
        ByteBuffer reply = ByteBuffer.allocateDirect(Long.BYTES);
        long acknowledged = 0;
        for (long sent = 0; sent < blocks; sent++) {
            while (sent - acknowledged >= IN_FLIGHT) {
                acknowledged = receive(channel, reply);
            }
            ByteBuffer next = block.duplicate();
            while (next.hasRemaining()) {
                channel.write(next);
            }
        }
        while (acknowledged < blocks) {
            acknowledged = receive(channel, reply);
        }
    }

    private static long receive(SocketChannel channel, ByteBuffer reply) throws IOException {
        reply.clear();
        while (reply.hasRemaining()) {
            if (channel.read(reply) < 0) {
                throw new EOFException("floor: closed");
            }
        }
        return reply.getLong(0);
    }
}
