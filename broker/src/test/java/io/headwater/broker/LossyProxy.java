package io.headwater.broker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * A bad network in front of a broker, on the level of TCP: bytes come late, in dribbles, or no more at all, and
 * connections are cut wherever they happen to be, also in the middle of a frame. What TCP excludes does not happen:
 * bytes are neither changed nor doubled nor reordered within a connection.
 */
final class LossyProxy implements AutoCloseable {
    private final ServerSocket server;
    private final int target;
    private final SplittableRandom random;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger cuts = new AtomicInteger();
    private final AtomicInteger silences = new AtomicInteger();
    private volatile boolean healed;
    private volatile boolean closed;

    LossyProxy(int target, long seed) throws IOException {
        this.target = target;
        this.random = new SplittableRandom(seed);
        this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        daemon(this::accept, "lossy-accept");
    }

    int port() {
        return server.getLocalPort();
    }

    /** How many connections were cut so far. */
    int cuts() {
        return cuts.get();
    }

    /** How many connections became half-open so far: one direction silent for good. */
    int silences() {
        return silences.get();
    }

    /** A good network from now on; what has gone silent is cut. */
    void heal() throws IOException {
        healed = true;
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    private static void daemon(Runnable work, String name) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        try {
            while (!closed) {
                Socket client = server.accept();
                Socket broker = new Socket(InetAddress.getLoopbackAddress(), target);
                client.setTcpNoDelay(true);
                broker.setTcpNoDelay(true);
                sockets.add(client);
                sockets.add(broker);
                SplittableRandom mine = random.split();
                SplittableRandom other = random.split();
                daemon(() -> pump(client, broker, mine), "lossy-up");
                daemon(() -> pump(broker, client, other), "lossy-down");
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void pump(Socket from, Socket to, SplittableRandom chance) {
        byte[] bytes = new byte[32 * 1024];
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            int dribble = 0;
            for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                int fate = healed ? 1000 : chance.nextInt(1000);
                if (fate < 8) {
                    out.write(bytes, 0, chance.nextInt(read + 1));
                    cuts.incrementAndGet();
                    // With unsent bytes thrown away on both sides, or in order.
                    to.setOption(StandardSocketOptions.SO_LINGER, chance.nextBoolean() ? 0 : -1);
                    return;
                }
                if (fate < 9) {
                    silences.incrementAndGet();
                    swallow(in, bytes);
                    return;
                }
                if (fate < 100) {
                    LockSupport.parkNanos(chance.nextInt(8) * 1_000_000L);
                }
                dribble = fate < 110 ? 200 : dribble;
                for (int at = 0; at < read; ) {
                    int size = dribble > 0 && !healed ? Math.min(read - at, 1 + chance.nextInt(16)) : read - at;
                    out.write(bytes, at, size);
                    at += size;
                    dribble = Math.max(0, dribble - 1);
                }
            }
        } catch (IOException e) {
            // Cut, by this proxy or one of its sides.
        } finally {
            close(from);
            close(to);
        }
    }

    /** The peer believes that somebody listens. */
    private static void swallow(InputStream in, byte[] bytes) throws IOException {
        while (in.read(bytes) >= 0) {
            // Lost.
        }
    }

    private void close(Socket socket) {
        sockets.remove(socket);
        try {
            socket.close();
        } catch (IOException e) {
            // It is as good as closed.
        }
    }

    @Override
    public void close() throws IOException {
        closed = true;
        server.close();
        for (Socket socket : sockets) {
            close(socket);
        }
    }
}
