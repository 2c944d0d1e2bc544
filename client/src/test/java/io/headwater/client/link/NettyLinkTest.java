package io.headwater.client.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.protocol.Frame;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a link finds its broker, with a resolver that answers when a test says so. */
@Timeout(60)
class NettyLinkTest {
    private final CountDownLatch found = new CountDownLatch(1);
    private final CountDownLatch asked = new CountDownLatch(1);
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final Map<String, Thread> lookups = new ConcurrentHashMap<>();
    private final NettyLoop loop = new NettyLoop("test", System::nanoTime, this::resolve);
    private ServerSocket broker;

    @BeforeEach
    void listen() throws IOException {
        broker = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void close() throws IOException {
        found.countDown();
        loop.close();
        broker.close();
    }

    private InetAddress resolve(String host) throws UnknownHostException {
        Thread self = Thread.currentThread();
        lookups.put(host, self);
        self.setUncaughtExceptionHandler((thread, failure) -> failures.add(failure));
        if (host.equals("unknown")) {
            throw new UnknownHostException("unknown: no such name");
        }
        if (host.equals("slow")) {
            asked.countDown();
            awaitAsTheSystemDoes();
        }
        return InetAddress.getLoopbackAddress();
    }

    /** Deaf to interrupts. */
    private void awaitAsTheSystemDoes() {
        while (true) {
            try {
                found.await();
                return;
            } catch (InterruptedException e) {
                // Goes on.
            }
        }
    }

    /** What its listener is told. */
    private static final class Told implements LinkListener {
        final BlockingQueue<String> events = new ArrayBlockingQueue<>(10);

        @Override
        public void connected() {
            events.add("connected");
        }

        @Override
        public void received(Frame frame) {
            frame.release();
        }

        @Override
        public void writable() {}

        @Override
        public void disconnected(String why) {
            events.add(why);
        }

        String next() throws InterruptedException {
            return String.valueOf(events.poll(10, TimeUnit.SECONDS));
        }
    }

    private Told connect(Link link) {
        Told told = new Told();
        loop.execute(() -> link.connect(told));
        return told;
    }

    private Link link(String host) {
        return loop.link(host, broker.getLocalPort());
    }

    @Test
    void othersGoOnWhileANameIsLookedUp() throws Exception {
        Told slow = connect(link("slow"));
        asked.await();
        assertEquals("connected", connect(link("quick")).next());
        assertEquals("connected", connect(link("127.0.0.1")).next());
        assertNull(slow.events.poll());
        found.countDown();
        assertEquals("connected", slow.next());
    }

    @Test
    void anAddressIsNotLookedUpElsewhere() throws Exception {
        connect(link("127.0.0.1")).next();
        CompletableFuture<Thread> self = new CompletableFuture<>();
        loop.execute(() -> self.complete(Thread.currentThread()));
        assertEquals(self.get(), lookups.get("127.0.0.1"));
    }

    @Test
    void saysThatANameIsNotFound() throws Exception {
        assertEquals("unknown: no such name", connect(link("unknown")).next());
    }

    @Test
    void doesNotConnectWhenItWasDroppedMeanwhile() throws Exception {
        Link link = link("slow");
        Told told = connect(link);
        asked.await();
        loop.execute(() -> link.disconnect("dropped"));
        assertEquals("dropped", told.next());
        found.countDown();
        broker.setSoTimeout(300);
        assertThrows(SocketTimeoutException.class, () -> broker.accept().close());
        assertNull(told.events.poll());
    }

    @Test
    void aClientThatClosesDoesNotWaitForNames() throws Exception {
        Told told = connect(link("slow"));
        asked.await();
        loop.close();
        assertNull(told.events.poll());
        found.countDown();
        Thread lookup = lookups.get("slow");
        lookup.join(10_000);
        assertEquals(Thread.State.TERMINATED, lookup.getState());
        assertTrue(failures.isEmpty(), failures.toString());
        assertNull(told.events.poll());
    }
}
