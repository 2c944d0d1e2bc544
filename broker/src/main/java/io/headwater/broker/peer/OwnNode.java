package io.headwater.broker.peer;

import io.headwater.broker.peer.wire.PeerMessage;
import io.netty.channel.EventLoop;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** What a node says to itself: the same handler, later, in order, without a socket. */
final class OwnNode {
    private final EventLoop loop;
    private final PeerHandler handler;
    private final PendingCalls calls;

    OwnNode(EventLoop loop, PeerHandler handler) {
        this.loop = loop;
        this.handler = handler;
        this.calls = new PendingCalls(loop, "this node");
    }

    void send(int node, PeerMessage message, List<ByteBuffer> attachment) {
        ByteBuffer copy = copyOf(attachment);
        loop.execute(() -> handler.received(node, message, copy));
    }

    CompletionStage<PeerMessage> ask(
            int node, long call, PeerMessage question, List<ByteBuffer> attachment, long timeoutMs) {
        ByteBuffer copy = copyOf(attachment);
        CompletionStage<PeerMessage> answer = calls.add(call, timeoutMs);
        loop.execute(() -> handler.asked(
                node,
                question.toBuilder().setCall(call).build(),
                copy,
                message -> loop.execute(() -> calls.answered(
                        message.toBuilder().setCall(call).setAnswer(true).build()))));
        return answer;
    }

    /** On any thread: nobody will answer any more. */
    void close() {
        loop.execute(() -> calls.failAll("the broker stops"));
    }

    private static ByteBuffer copyOf(List<ByteBuffer> attachment) {
        int size = attachment.stream().mapToInt(ByteBuffer::remaining).sum();
        ByteBuffer copy = ByteBuffer.allocate(size);
        attachment.forEach(each -> copy.put(each.duplicate()));
        return copy.flip();
    }
}
