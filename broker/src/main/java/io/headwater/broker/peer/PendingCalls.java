package io.headwater.broker.peer;

import io.headwater.broker.peer.wire.PeerMessage;
import io.netty.channel.EventLoop;
import java.io.IOException;
import java.net.ConnectException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Questions that wait for an answer. Any thread. */
final class PendingCalls {
    private final Map<Long, CompletableFuture<PeerMessage>> calls = new ConcurrentHashMap<>();
    private final EventLoop loop;
    /** Whom is asked, for people. */
    private final String whom;

    PendingCalls(EventLoop loop, String whom) {
        this.loop = loop;
        this.whom = whom;
    }

    CompletableFuture<PeerMessage> add(long call, long timeoutMs) {
        CompletableFuture<PeerMessage> answer = new CompletableFuture<>();
        calls.put(call, answer);
        Future<?> timer = loop.schedule(
                () -> fail(call, "no answer within " + timeoutMs + " ms"), timeoutMs, TimeUnit.MILLISECONDS);
        CompletableFuture<PeerMessage> unused = answer.whenComplete((value, failure) -> timer.cancel(false));
        return answer;
    }

    /** On the event loop. An answer that nobody waits for any more is dropped. */
    void answered(PeerMessage message) {
        if (!message.getFailure().isEmpty()) {
            fail(message.getCall(), message.getFailure());
            return;
        }
        CompletableFuture<PeerMessage> answer = calls.remove(message.getCall());
        if (answer != null) {
            answer.complete(message);
        }
    }

    /** On the event loop. */
    void fail(long call, String why) {
        fail(call, new IOException(whom + ": " + why));
    }

    /** On the event loop. The question certainly did not arrive: whoever asked may ask again. */
    void failUnsent(long call, String why) {
        fail(call, new ConnectException(whom + ": " + why));
    }

    private void fail(long call, IOException why) {
        CompletableFuture<PeerMessage> answer = calls.remove(call);
        if (answer != null) {
            answer.completeExceptionally(why);
        }
    }

    /** On the event loop. */
    void failAll(String why) {
        for (Long call : calls.keySet()) {
            fail(call, why);
        }
    }
}
