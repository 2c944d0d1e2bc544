package io.headwater.benchmarks.jmh;

import io.headwater.broker.queue.HeapBudget;
import io.headwater.broker.queue.Now;
import io.headwater.broker.queue.QueueEngine;
import io.headwater.broker.queue.QueueOps;
import io.headwater.broker.queue.QueuePolicy;
import io.headwater.broker.queue.Receiver;
import io.headwater.broker.queue.Settle;
import io.headwater.broker.queue.Verb;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * What a record costs in the queue engine: appended, received, acknowledged one by one, with the operations for the log
 * encoded; while so many others are outstanding. Two of each hundred acknowledgements come late, so that what is done has
 * holes.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class QueueEngineBenchmark {
    private static final int TURN = 100;
    private static final int LEASE_MS = 30_000;
    private static final Now NOW = new Now(0, 0);

    @Param({"10000", "10000000"})
    public int outstanding;

    /** 0: a plain group. */
    @Param({"0", "1000000"})
    public int keys;

    private final QueueOps ops = new QueueOps();
    private final Receiver receiver = new Receiver(1);
    private final List<Receiver> receivers = List.of(receiver);
    private final long[] lateOffsets = new long[2];
    private final int[] lateAttempts = new int[2];
    private QueueEngine engine = engine();

    private QueueEngine engine() {
        QueuePolicy policy = keys > 0 ? QueuePolicy.KEYED : QueuePolicy.PLAIN;
        return new QueueEngine(1, policy, 0, new HeapBudget(256 << 20), bound -> 0);
    }

    @Setup(Level.Trial)
    public void fill() {
        engine = engine();
        engine.open(0, NOW);
        append(outstanding);
        lateAttempts[0] = 0;
        lateAttempts[1] = 0;
    }

    private void append(int records) {
        if (keys == 0) {
            engine.extend(engine.end() + records);
            return;
        }
        for (int i = 0; i < records; i++) {
            // All keys in turn, each after a step that is no divisor of their number.
            engine.append(engine.end() * 7919 % keys);
        }
    }

    @Benchmark
    @OperationsPerInvocation(TURN)
    public int receiveAndAcknowledge() {
        append(TURN);
        receiver.waitFor(TURN, 1 << 20, LEASE_MS);
        int granted = engine.grant(receivers, offset -> 1_024, NOW, ops);
        for (int i = 0; i < lateOffsets.length; i++) {
            if (lateAttempts[i] > 0) {
                engine.settle(Settle.of(Verb.ACK, lateOffsets[i], lateAttempts[i]), NOW, ops);
            }
            lateOffsets[i] = receiver.offset(i);
            lateAttempts[i] = receiver.attempt(i);
        }
        for (int i = lateOffsets.length; i < granted; i++) {
            engine.settle(Settle.of(Verb.ACK, receiver.offset(i), receiver.attempt(i)), NOW, ops);
        }
        int bytes = ops.payload().remaining();
        ops.clear();
        return bytes;
    }
}
