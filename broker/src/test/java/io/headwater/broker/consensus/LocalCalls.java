package io.headwater.broker.consensus;

import java.io.IOException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Carries calls within a process. Whoever is cut off neither calls nor is called. */
public final class LocalCalls {
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
                byte[] answer = endpoint.answer(call, request.clone());
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
