package io.headwater.broker;

import io.headwater.broker.peer.wire.PeerHello;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The network between the brokers of a cluster, on the level of TCP: a door in front of each, that learns from a
 * connection's first frame who opened it. What is cut carries nothing, neither bytes nor the news that a connection was
 * closed, and nobody is told of the cut. What was under way meanwhile arrives when it is healed, also on connections that
 * one side has given up, as TCP repeats what was not confirmed.
 */
final class PeerNetwork implements AutoCloseable {
    private static final int HEADER_BYTES = 8;
    private static final int MOST_HELLO_BYTES = 8 * 1024;

    private final List<ServerSocket> doors = new ArrayList<>();
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    // Guarded by this.
    private final Set<Way> cut = new HashSet<>();
    private long held;
    private boolean closed;

    private record Way(int from, int to) {}

    /** @param targets where the brokers listen, the first one node 1 */
    PeerNetwork(List<Integer> targets) throws IOException {
        for (int i = 0; i < targets.size(); i++) {
            ServerSocket door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
            doors.add(door);
            int node = i + 1;
            int target = targets.get(i);
            daemon(() -> accept(door, node, target), "door-" + node);
        }
    }

    /** Of the door in front of a node. */
    int port(int node) {
        return doors.get(node - 1).getLocalPort();
    }

    /** What one says does not reach the other any more. */
    synchronized void cut(int from, int to) {
        cut.add(new Way(from, to));
    }

    void cutBothWays(int one, int other) {
        cut(one, other);
        cut(other, one);
    }

    /** Nothing reaches it. */
    void deafen(int node) {
        others(node).forEach(other -> cut(other, node));
    }

    /** Nothing of it reaches anybody. */
    void silence(int node) {
        others(node).forEach(other -> cut(node, other));
    }

    void isolate(int node) {
        deafen(node);
        silence(node);
    }

    List<Integer> others(int node) {
        List<Integer> others = new ArrayList<>();
        for (int other = 1; other <= doors.size(); other++) {
            if (other != node) {
                others.add(other);
            }
        }
        return others;
    }

    synchronized void heal() {
        cut.clear();
        notifyAll();
    }

    /** How often something was held back so far. */
    synchronized long held() {
        return held;
    }

    private static void daemon(Runnable work, String name) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    private void accept(ServerSocket door, int node, int target) {
        try {
            while (!door.isClosed()) {
                Socket dialler = door.accept();
                sockets.add(dialler);
                daemon(() -> connect(dialler, node, target), "connect-" + node);
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void connect(Socket dialler, int node, int target) {
        try {
            dialler.setTcpNoDelay(true);
            DataInputStream in = new DataInputStream(dialler.getInputStream());
            byte[] frame = in.readNBytes(HEADER_BYTES);
            int messageBytes = frame.length < HEADER_BYTES ? -1 : intAt(frame, 4);
            if (messageBytes < 0 || messageBytes > MOST_HELLO_BYTES || intAt(frame, 0) != messageBytes + 4) {
                close(dialler);
                return;
            }
            byte[] hello = in.readNBytes(messageBytes);
            Way there = new Way(PeerHello.parseFrom(hello).getNodeId(), node);
            awaitOpen(there);
            Socket broker = new Socket(InetAddress.getLoopbackAddress(), target);
            sockets.add(broker);
            broker.setTcpNoDelay(true);
            DataOutputStream out = new DataOutputStream(broker.getOutputStream());
            out.write(frame);
            out.write(hello);
            daemon(() -> pump(dialler, broker, there), "from-" + there.from + "-to-" + node);
            pump(broker, dialler, new Way(node, there.from));
        } catch (IOException e) {
            // There is no broker, or the dialler is gone.
            close(dialler);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static int intAt(byte[] bytes, int at) {
        return ByteBuffer.wrap(bytes).getInt(at);
    }

    private void pump(Socket from, Socket to, Way way) {
        try {
            byte[] bytes = new byte[64 * 1024];
            try {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                    awaitOpen(way);
                    out.write(bytes, 0, read);
                }
            } catch (IOException e) {
                // Closed by one of the two.
            }
            awaitOpen(way);
            close(to);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void awaitOpen(Way way) throws InterruptedException {
        if (cut.contains(way)) {
            held++;
        }
        while (cut.contains(way) && !closed) {
            wait();
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
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        try {
            for (ServerSocket door : doors) {
                door.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        List.copyOf(sockets).forEach(this::close);
    }
}
