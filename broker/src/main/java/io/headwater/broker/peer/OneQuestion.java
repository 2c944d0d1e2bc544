package io.headwater.broker.peer;

import io.headwater.broker.peer.wire.PeerMessage;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.EventLoop;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** A question to whoever listens somewhere, over a connection that is closed after the answer. On its event loop. */
final class OneQuestion implements Dialled.Owner {
    private static final long CALL = 1;

    private final PeerMessage question;
    private final PendingCalls calls;
    private final CompletableFuture<PeerMessage> answer;
    private final int maxFrameBytes;

    OneQuestion(EventLoop loop, String whom, PeerMessage question, long timeoutMs, int maxFrameBytes) {
        this.question = question.toBuilder().setCall(CALL).build();
        this.calls = new PendingCalls(loop, whom);
        this.answer = calls.add(CALL, timeoutMs);
        this.maxFrameBytes = maxFrameBytes;
    }

    /** Closes the connection when there is an answer, or none any more. */
    CompletionStage<PeerMessage> over(EventLoop loop, Dialled connection) {
        CompletableFuture<PeerMessage> unused =
                answer.whenComplete((value, failure) -> loop.execute(() -> connection.close("answered")));
        return answer;
    }

    @Override
    public void up(Channel channel) {
        ByteBuf frame = PeerFrames.encode(question, List.of(), maxFrameBytes);
        ChannelFuture unused = channel.writeAndFlush(frame, channel.voidPromise());
    }

    @Override
    public void answered(PeerMessage message) {
        calls.answered(message);
    }

    @Override
    public void writable() {
        // One frame waits for nothing.
    }

    @Override
    public void ended(String why, boolean refused) {
        calls.failAll(why);
    }
}
