package io.headwater.broker.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.wire.Command;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What every metadata quorum must do, whatever stands behind it. */
@Timeout(60)
abstract class MetadataQuorumContract {
    /** Of producer ids, half of them after a strike. */
    private static final int BLOCKS = 8;

    /** The first start of a cluster, whose node has registered with the directory {@code d}. */
    abstract MetadataQuorum found() throws IOException;

    /** The process dies, nothing is closed, and it starts again. */
    abstract MetadataQuorum crashAndReopen() throws IOException;

    /** Time passes, and the owner calls. */
    void turn(MetadataQuorum quorum) {
        quorum.doWork();
    }

    /** As {@link #found}, and it can be struck. */
    abstract MetadataQuorum foundToBeStruck() throws IOException;

    /** What is proposed to the one that was found, or that answered last, fails from here on, and may have taken effect. */
    abstract void strike();

    /** Whoever can be asked after that, as soon as it is writable and has called once; it can be struck in its turn. */
    abstract MetadataQuorum answersNext() throws IOException;

    /** As {@link #found}, and some hundred commands are more than its log keeps. */
    abstract MetadataQuorum foundWithAShortLog() throws IOException;

    /** One that comes later, and has got in a snapshot what {@code quorum} had when its log became too long, and the rest. */
    abstract MetadataQuorum installedFrom(MetadataQuorum quorum) throws IOException;

    final void turnUntil(MetadataQuorum quorum, BooleanSupplier condition) {
        while (!condition.getAsBoolean()) {
            assertFalse(Thread.currentThread().isInterrupted(), "it takes too long");
            turn(quorum);
        }
    }

    final Outcome done(MetadataQuorum quorum, Command command) {
        CompletableFuture<Outcome> outcome = quorum.propose(command).toCompletableFuture();
        turnUntil(quorum, outcome::isDone);
        return outcome.join();
    }

    private Outcome.Committed committed(MetadataQuorum quorum, Command command) {
        return assertInstanceOf(Outcome.Committed.class, done(quorum, command));
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
        turnUntil(quorum, third::isDone);
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
        turnUntil(quorum, outcome::isDone);
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
        turnUntil(quorum, last::isDone);
        assertTrue(heard.indexOf("applied 2") < heard.indexOf("done 1"), heard.toString());
        assertEquals(
                2, heard.stream().filter(line -> line.startsWith("applied")).count());
        assertTrue(heard.contains("refused"));
    }

    /** Each is given a block of ids four times as large as the one before: their sum tells how often each took effect. */
    @Test
    void whatFailedAndNobodyKnowsHowTookEffectAtMostOnce() throws IOException {
        MetadataQuorum quorum = foundToBeStruck();
        long before = committed(quorum, Commands.producerIds(1)).id() + 1;
        List<CompletableFuture<Outcome>> told = new ArrayList<>();
        for (int i = 0; i < BLOCKS; i++) {
            if (i == BLOCKS / 2) {
                turnUntil(quorum, () -> told.stream().allMatch(CompletableFuture::isDone));
                strike();
            }
            told.add(quorum.propose(Commands.producerIds(1 << (2 * i))).toCompletableFuture());
            turn(quorum);
        }
        MetadataQuorum next = answersNext();
        turnUntil(quorum, () -> told.stream().allMatch(CompletableFuture::isDone));
        long given = committed(next, Commands.producerIds(1)).id() - before;
        assertTrue(given < 1L << (2 * BLOCKS), given + " ids");
        for (int i = 0; i < BLOCKS; i++) {
            long times = given >> (2 * i) & 3;
            if (i < BLOCKS / 2) {
                assertInstanceOf(Outcome.Committed.class, told.get(i).join());
                assertEquals(1, times, "proposal " + i);
            } else {
                CompletionException failure = assertThrows(CompletionException.class, told.get(i)::join);
                MetadataUnavailableException why =
                        assertInstanceOf(MetadataUnavailableException.class, failure.getCause());
                assertTrue(times <= (why.isDefinite() ? 0 : 1), "proposal " + i + ": " + times + " times");
            }
        }
    }

    @Test
    void whoeverAnswersNextKnowsAllThatWasCommittedBefore() throws IOException {
        MetadataQuorum quorum = foundToBeStruck();
        for (int round = 0; round < 2; round++) {
            MetadataImage before =
                    committed(quorum, Commands.create("t" + round, 1)).image();
            strike();
            quorum = answersNext();
            assertTrue(quorum.isWritable());
            assertTrue(quorum.image().appliedIndex() >= before.appliedIndex(), "round " + round);
            assertEquals(before.topics(), quorum.image().topics());
        }
    }

    @Test
    void aSnapshotLeadsToThePictureThatApplyingLeadsTo() throws IOException {
        MetadataQuorum quorum = foundWithAShortLog();
        MetadataImage applied = quorum.image();
        SplittableRandom random = new SplittableRandom(7);
        for (int turn = 0; turn < 120; turn++) {
            CompletableFuture<Outcome> last = new CompletableFuture<>();
            for (int i = 0; i < 12; i++) {
                Command command = Commands.random(random);
                last = quorum.propose(command).toCompletableFuture();
                applied = after(applied, command);
            }
            turnUntil(quorum, last::isDone);
        }
        MetadataMachineTest.assertSame(applied, quorum.image());
        MetadataQuorum installed = installedFrom(quorum);
        MetadataMachineTest.assertSame(applied, installed.image());
    }

    private static MetadataImage after(MetadataImage image, Command command) {
        Outcome outcome = MetadataMachine.apply(image, image.appliedIndex() + 1, command);
        return outcome instanceof Outcome.Committed committed ? committed.image() : image;
    }
}
