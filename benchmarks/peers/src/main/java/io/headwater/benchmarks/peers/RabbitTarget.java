package io.headwater.benchmarks.peers;

import com.rabbitmq.client.AMQP;
import com.rabbitmq.client.Channel;
import com.rabbitmq.client.ConfirmListener;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.DefaultConsumer;
import com.rabbitmq.client.Envelope;
import com.rabbitmq.client.MessageProperties;
import io.headwater.benchmarks.load.LoadTarget.Outcomes;
import io.headwater.benchmarks.load.QueueTarget;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A quorum queue of RabbitMQ through its own Java client: persistent messages with publisher confirms, acknowledged one
 * by one. AMQP 0-9-1 does not confirm acknowledgements: they count as settled once they are sent.
 */
final class RabbitTarget implements QueueTarget {
    /** Published and not confirmed yet; more were no faster. */
    private static final int MOST_UNCONFIRMED = 5_000;
    /** Delivered and not acknowledged yet, for each consumer; more were no faster. */
    private static final int PREFETCH = 1_000;

    private final int port;
    private final Connection connection;

    private RabbitTarget(int port) {
        this.port = port;
        this.connection = connected(port);
    }

    static RabbitTarget connect(int port) {
        return new RabbitTarget(port);
    }

    private static Connection connected(int port) {
        ConnectionFactory factory = new ConnectionFactory();
        factory.setHost("127.0.0.1");
        factory.setPort(port);
        try {
            return factory.newConnection();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (TimeoutException e) {
            throw new IllegalStateException("RabbitMQ: no connection in time", e);
        }
    }

    /** What may fail in every call of that client. */
    private interface Call<T> {
        T run() throws IOException;
    }

    private static <T> T answer(Call<T> call) {
        try {
            return call.run();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void close(Connection connection) {
        try {
            connection.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public int ensureQueue(String topic, boolean keyed, int partitions) {
        if (keyed) {
            throw new IllegalArgumentException("RabbitMQ: a quorum queue keeps no order per key");
        }
        Channel channel = answer(connection::createChannel);
        answer(() -> channel.queueDeclare(topic, true, false, false, Map.of("x-queue-type", "quorum")));
        answer(() -> channel.queuePurge(topic));
        return 1;
    }

    @Override
    public WorkSink openSink(String topic, Outcomes outcomes) {
        return new ConfirmedSink(connected(port), topic, outcomes);
    }

    @Override
    public WorkSource openSource(String topic, boolean keyed, BiConsumer<Delivery, @Nullable Throwable> onSettled) {
        return new PrefetchingSource(connected(port), topic, onSettled);
    }

    @Override
    public long left(String topic, boolean keyed) {
        Channel channel = answer(connection::createChannel);
        return answer(() -> channel.queueDeclarePassive(topic)).getMessageCount();
    }

    @Override
    public void close() {
        close(connection);
    }

    private static final class ConfirmedSink implements WorkSink, ConfirmListener {
        private final Connection connection;
        private final Channel channel;
        private final String queue;
        private final Outcomes outcomes;
        private final Semaphore room = new Semaphore(MOST_UNCONFIRMED);
        private final BitSet confirmed = new BitSet();
        private int firstUnconfirmed = 1;

        ConfirmedSink(Connection connection, String queue, Outcomes outcomes) {
            this.connection = connection;
            this.channel = answer(connection::createChannel);
            this.queue = queue;
            this.outcomes = outcomes;
            answer(channel::confirmSelect);
            channel.addConfirmListener(this);
        }

        @Override
        public void send(byte @Nullable [] key, byte[] value) {
            room.acquireUninterruptibly();
            answer(() -> {
                channel.basicPublish("", queue, MessageProperties.MINIMAL_PERSISTENT_BASIC, value);
                return true;
            });
        }

        @Override
        public void handleAck(long tag, boolean multiple) {
            confirmed(tag, multiple);
        }

        @Override
        public void handleNack(long tag, boolean multiple) {
            outcomes.failed(new IllegalStateException("RabbitMQ refused message " + tag));
            confirmed(tag, multiple);
        }

        private synchronized void confirmed(long tag, boolean multiple) {
            int from = multiple ? firstUnconfirmed : (int) tag;
            for (int at = confirmed.nextClearBit(from); at <= tag; at = confirmed.nextClearBit(at)) {
                confirmed.set(at);
                room.release();
            }
            firstUnconfirmed = confirmed.nextClearBit(firstUnconfirmed);
        }

        @Override
        public void flush() {
            // All of them are back: nothing is on its way.
            room.acquireUninterruptibly(MOST_UNCONFIRMED);
            room.release(MOST_UNCONFIRMED);
        }

        @Override
        public void close() {
            RabbitTarget.close(connection);
        }
    }

    private static final class PrefetchingSource implements WorkSource {
        private final Connection connection;
        private final Channel channel;
        private final BiConsumer<Delivery, @Nullable Throwable> onSettled;
        private final BlockingQueue<Delivery> arrived = new LinkedBlockingQueue<>();

        PrefetchingSource(Connection connection, String queue, BiConsumer<Delivery, @Nullable Throwable> onSettled) {
            this.connection = connection;
            this.channel = answer(connection::createChannel);
            this.onSettled = onSettled;
            answer(() -> {
                channel.basicQos(PREFETCH);
                return channel.basicConsume(queue, false, new DefaultConsumer(channel) {
                    @Override
                    public void handleDelivery(
                            String tag, Envelope envelope, AMQP.BasicProperties properties, byte[] body) {
                        arrived.add(new Delivery(body, envelope.isRedeliver(), envelope.getDeliveryTag()));
                    }
                });
            });
        }

        @Override
        public List<Delivery> receive(Duration timeout) {
            List<Delivery> deliveries = new ArrayList<>();
            try {
                Delivery first = arrived.poll(timeout.toMillis(), TimeUnit.MILLISECONDS);
                if (first != null) {
                    deliveries.add(first);
                    arrived.drainTo(deliveries);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            return deliveries;
        }

        @Override
        public void acknowledge(Delivery delivery) {
            answer(() -> {
                channel.basicAck((Long) delivery.handle(), false);
                return true;
            });
            onSettled.accept(delivery, null);
        }

        @Override
        public void close() {
            RabbitTarget.close(connection);
        }
    }
}
