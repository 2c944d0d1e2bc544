package io.headwater.broker.consensus;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/** Carries calls within a process. Whoever is cut off neither calls nor is called. */
public final class LocalCalls {
    private static final long TIMEOUT_MS = 3_000;

    private final Map<String, RaftCalls.Endpoint> endpoints = new ConcurrentHashMap<>();
    private final Set<String> cut = ConcurrentHashMap.newKeySet();
    private final Set<String> mute = ConcurrentHashMap.newKeySet();
    private final Map<RaftCalls.Call, AtomicInteger> counts = new ConcurrentHashMap<>();
    /** So often does each call arrive, all at once. */
    private volatile int copies = 1;

    /** The side of one voter. */
    public RaftCalls of(String self) {
        return new RaftCalls() {
            @Override
            public byte[] call(String voter, Call call, byte[] request) throws IOException {
                Endpoint endpoint = endpoints.get(voter);
                if (endpoint == null || mute.contains(self) || cut.contains(self) || cut.contains(voter)) {
                    throw new IOException(voter + " cannot be reached");
                }
                counts.computeIfAbsent(call, each -> new AtomicInteger()).incrementAndGet();
                for (int copy = 1; copy < copies; copy++) {
                    new Thread(() -> answerAgain(endpoint, call, request.clone()), "copy").start();
                }
                byte[] answer = answer(endpoint, call, request.clone());
                if (cut.contains(self) || cut.contains(voter)) {
                    throw new IOException(voter + " does not answer");
                }
                return answer;
            }

            @Override
            public void serve(String voter, Endpoint endpoint) {
                endpoints.put(voter, endpoint);
            }
        };
    }

    /** As between brokers, nobody waits for ever: a voter that is being closed may never answer. */
    private static byte[] answer(RaftCalls.Endpoint endpoint, RaftCalls.Call call, byte[] request) throws IOException {
        FutureTask<byte[]> answering = new FutureTask<>(() -> endpoint.answer(call, request));
        Thread called = new Thread(answering, "called");
        called.setDaemon(true);
        called.start();
        try {
            return answering.get(TIMEOUT_MS, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof IOException cause ? cause : new IOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException();
        } catch (TimeoutException e) {
            throw new IOException("no answer", e);
        }
    }

    private static void answerAgain(RaftCalls.Endpoint endpoint, RaftCalls.Call call, byte[] request) {
        try {
            endpoint.answer(call, request);
        } catch (IOException e) {
            // Nobody waits for it.
        }
    }

    /** As where a caller has lost patience and said it again, before a network that was held up goes on. */
    public void repeat(int times) {
        copies = times;
    }

    /** How many have arrived. */
    public int count(RaftCalls.Call call) {
        AtomicInteger count = counts.get(call);
        return count == null ? 0 : count.get();
    }

    public void cut(String voter) {
        cut.add(voter);
    }

    /** Is called and answers, and calls nobody. */
    public void mute(String voter) {
        mute.add(voter);
    }

    public void mend(String voter) {
        cut.remove(voter);
        mute.remove(voter);
    }
}
