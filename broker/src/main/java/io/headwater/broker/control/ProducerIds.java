package io.headwater.broker.control;

import io.headwater.broker.metadata.wire.AllocateProducerIds;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.protocol.wire.InitProducer;
import io.headwater.protocol.wire.InitProducerReply;
import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Gives each producer an id that nobody ever had. Ids are taken from the metadata log in blocks, so that most requests
 * cost no write; what is left of a block when the broker stops is never used.
 */
final class ProducerIds {
    private static final int BLOCK = 1000;

    private final Proposals proposals;
    private final Queue<Reply> waiting = new ArrayDeque<>();
    private long next;
    private long end;
    private boolean asked;

    ProducerIds(Proposals proposals) {
        this.proposals = proposals;
    }

    void init(InitProducer request, Reply reply) {
        waiting.add(reply);
        serve();
    }

    private void serve() {
        while (next < end && !waiting.isEmpty()) {
            waiting.remove()
                    .send(InitProducerReply.newBuilder().setProducerId(next++).build());
        }
        if (!waiting.isEmpty() && !asked) {
            asked = true;
            Command.Builder command = Command.newBuilder()
                    .setAllocateProducerIds(AllocateProducerIds.newBuilder().setCount(BLOCK));
            proposals.propose(command).whenComplete((done, failure) -> {
                asked = false;
                if (failure != null) {
                    waiting.forEach(reply -> reply.fail(failure));
                    waiting.clear();
                } else {
                    next = done.id();
                    end = next + BLOCK;
                    serve();
                }
            });
        }
    }
}
