package io.headwater.broker.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.wire.Command;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What every metadata quorum must do, whatever stands behind it. */
abstract class MetadataQuorumContract {
    /** The first start of a cluster, whose node has registered with the directory {@code d}. */
    abstract MetadataQuorum found() throws IOException;

    /** The process dies, nothing is closed, and it starts again. */
    abstract MetadataQuorum crashAndReopen() throws IOException;

    static Outcome done(MetadataQuorum quorum, Command command) {
        CompletableFuture<Outcome> outcome = quorum.propose(command).toCompletableFuture();
        while (!outcome.isDone()) {
            quorum.doWork();
        }
        return outcome.join();
    }

    @Test
    void remembersWhatWasCommittedAfterACrash() throws IOException {
        MetadataQuorum quorum = found();
        done(quorum, Commands.create("a", 3));
        done(quorum, Commands.group("g"));
        MetadataImage before = quorum.image();
        MetadataQuorum again = crashAndReopen();
        MetadataMachineTest.assertSame(before, again.image());
        Outcome.Committed next = assertInstanceOf(Outcome.Committed.class, done(again, Commands.register("d")));
        assertEquals(before.appliedIndex() + 1, next.index());
        assertEquals(2, next.image().topics().get(0).partitions().get(0).epoch());
    }

    @Test
    void forgetsARefusal() throws IOException {
        MetadataQuorum quorum = found();
        done(quorum, Commands.create("a", 1));
        long index = quorum.image().appliedIndex();
        assertInstanceOf(Outcome.Refused.class, done(quorum, Commands.create("a", 1)));
        assertEquals(index, quorum.image().appliedIndex());
    }

    @Test
    void decidesInTheOrderOfProposals() throws IOException {
        MetadataQuorum quorum = found();
        CompletableFuture<Outcome> first =
                quorum.propose(Commands.create("a", 1)).toCompletableFuture();
        CompletableFuture<Outcome> second =
                quorum.propose(Commands.create("a", 2)).toCompletableFuture();
        CompletableFuture<Outcome> third = quorum.propose(Commands.delete("a")).toCompletableFuture();
        while (!third.isDone()) {
            quorum.doWork();
        }
        assertInstanceOf(Outcome.Committed.class, first.join());
        assertInstanceOf(Outcome.Refused.class, second.join());
        assertInstanceOf(Outcome.Committed.class, third.join());
        assertNull(quorum.image().topic("a"));
    }

    @Test
    void showsNothingBeforeItIsDecided() throws IOException {
        MetadataQuorum quorum = found();
        CompletableFuture<Outcome> outcome =
                quorum.propose(Commands.create("a", 1)).toCompletableFuture();
        assertFalse(outcome.isDone());
        assertNull(quorum.image().topic("a"));
        while (!outcome.isDone()) {
            quorum.doWork();
        }
        assertNotNull(quorum.image().topic("a"));
    }

    @Test
    void tellsListenersInOrderBeforeTheProposer() throws IOException {
        MetadataQuorum quorum = found();
        List<String> heard = new ArrayList<>();
        quorum.listener((image, command) -> heard.add("applied " + image.appliedIndex()));
        quorum.propose(Commands.create("a", 1)).thenAccept(outcome -> heard.add("done 1"));
        quorum.propose(Commands.create("a", 1)).thenAccept(outcome -> heard.add("refused"));
        CompletableFuture<Outcome> last =
                quorum.propose(Commands.create("b", 1)).toCompletableFuture();
        while (!last.isDone()) {
            quorum.doWork();
        }
        assertTrue(heard.indexOf("applied 2") < heard.indexOf("done 1"), heard.toString());
        assertEquals(
                2, heard.stream().filter(line -> line.startsWith("applied")).count());
        assertTrue(heard.contains("refused"));
    }
}
