package io.headwater.benchmarks.floor;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.zip.CRC32C;

/**
 * Receives blocks ({@code i32 length, i32 CRC-32C, bytes}) on one connection at a time, checks each, writes it to a
 * preallocated file and acknowledges it by its number (an i64) after the sync that covers it. One thread receives and
 * writes, one syncs whatever has gathered: the same split as the broker's, without its words.
 */
public final class FloorServer {
    private static final int MOST_BYTES = 1 << 20;
    private static final int GATHER_BYTES = 1 << 20;
    private static final long FILE_BYTES = 256L << 20;
    private static final long DONE = -1;

    private FloorServer() {}

    /** {@code FloorServer PORT DIRECTORY}; runs until it is killed. */
    public static void main(String[] args) throws IOException, InterruptedException {
        Path file = Path.of(args[1], "floor.bin");
        try (ServerSocketChannel listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0])));
            while (true) {
                try (SocketChannel peer = listener.accept();
                        FileChannel out = preallocated(file)) {
                    serve(peer, out);
                }
                Files.delete(file);
            }
        }
    }

    private static FileChannel preallocated(Path file) throws IOException {
        FileChannel out = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
        ByteBuffer zeros = ByteBuffer.allocateDirect(1 << 20);
        for (long at = 0; at < FILE_BYTES; at += zeros.capacity()) {
            out.write(zeros.clear(), at);
        }
        out.force(true);
        return out;
    }

    private static void serve(SocketChannel peer, FileChannel out) throws IOException, InterruptedException {
        BlockingQueue<Long> written = new LinkedBlockingQueue<>();
        Thread syncer = new Thread(() -> syncLoop(peer, out, written), "floor-sync");
        syncer.start();
        ByteBuffer in = ByteBuffer.allocateDirect(GATHER_BYTES + MOST_BYTES);
        CRC32C crc = new CRC32C();
        long blocks = 0;
        long position = 0;
        try {
            while (peer.read(in) >= 0) {
                in.flip();
                int whole = checkWhole(in, crc);
                if (whole > 0) {
                    blocks += blockCount(in, whole);
                    if (position + whole > FILE_BYTES) {
                        position = 0;
                    }
                    ByteBuffer run = in.duplicate().limit(in.position() + whole);
                    in.position(in.position() + whole);
                    while (run.hasRemaining()) {
                        position += out.write(run, position);
                    }
                    written.add(blocks);
                }
                in.compact();
            }
        } finally {
            written.add(DONE);
            syncer.join();
        }
    }

    /** How many bytes from the position on are whole blocks; every one of them checked. */
    private static int checkWhole(ByteBuffer in, CRC32C crc) throws IOException {
        int at = in.position();
        while (in.limit() - at >= 8 && in.limit() - at - 8 >= in.getInt(at)) {
            int length = in.getInt(at);
            crc.reset();
            crc.update(in.duplicate().limit(at + 8 + length).position(at + 8));
            if ((int) crc.getValue() != in.getInt(at + 4)) {
                throw new IOException("block at " + at + ": CRC does not match");
            }
            at += 8 + length;
        }
        return at - in.position();
    }

    private static int blockCount(ByteBuffer in, int whole) {
        int blocks = 0;
        for (int at = in.position(); at < in.position() + whole; at += 8 + in.getInt(at)) {
            blocks++;
        }
        return blocks;
    }

    private static void syncLoop(SocketChannel peer, FileChannel out, BlockingQueue<Long> written) {
        ByteBuffer reply = ByteBuffer.allocateDirect(Long.BYTES);
        try {
            while (true) {
                long upTo = written.take();
                for (Long more = written.peek(); more != null && more != DONE; more = written.peek()) {
                    upTo = written.take();
                }
                if (upTo == DONE) {
                    return;
                }
                out.force(false);
                reply.clear().putLong(upTo).flip();
                while (reply.hasRemaining()) {
                    if (peer.write(reply) < 0) {
                        throw new EOFException("peer closed");
                    }
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException("floor: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
