package io.headwater.broker.control;

import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.MetadataQuorum;
import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.wire.Command;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.agrona.concurrent.EpochClock;

/** Proposes metadata commands and turns refusals into errors for the client. */
final class Proposals {
    private final MetadataQuorum quorum;
    private final EpochClock clock;

    Proposals(MetadataQuorum quorum, EpochClock clock) {
        this.quorum = quorum;
        this.clock = clock;
    }

    MetadataImage image() {
        return quorum.image();
    }

    CompletionStage<Outcome.Committed> propose(Command.Builder command) {
        return quorum.propose(command.setProposedAtMs(clock.time()).build()).thenCompose(outcome -> {
            if (outcome instanceof Outcome.Refused refused) {
                return CompletableFuture.failedStage(Failures.of(refused.code(), refused.message()));
            }
            return CompletableFuture.completedStage((Outcome.Committed) outcome);
        });
    }
}
