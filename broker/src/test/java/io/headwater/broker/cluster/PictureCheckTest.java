package io.headwater.broker.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.headwater.broker.metadata.MetadataCodec;
import io.headwater.broker.metadata.MetadataImage;
import io.headwater.broker.metadata.MetadataMachine;
import io.headwater.broker.metadata.Outcome;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.RegisterNode;
import io.headwater.broker.peer.wire.Heartbeat;
import io.headwater.broker.peer.wire.PictureMark;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PictureCheckTest {
    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final PictureMarks own = new PictureMarks(Runnable::run, Runnable::run);
    private PictureMarks theirs = new PictureMarks(Runnable::run, Runnable::run);
    private final PictureCheck check = new PictureCheck(own);

    private static Command node(String directory) {
        return Command.newBuilder()
                .setRegisterNode(RegisterNode.newBuilder().setDirectoryId(directory))
                .build();
    }

    private static MetadataImage after(MetadataImage image, Command command) {
        return ((Outcome.Committed) MetadataMachine.apply(image, image.appliedIndex() + 1, command)).image();
    }

    /** Node 1, and so many topics. */
    private static MetadataImage picture(String name, int topics) {
        MetadataImage image = after(MetadataImage.empty("c"), node("d"));
        for (int i = 0; i < topics; i++) {
            image = after(image, ClusterWorld.create(name + i, 1));
        }
        return image;
    }

    private static void rest(PictureMarks marks, MetadataImage image) {
        marks.doWork(0, image);
        marks.doWork(SECOND, image);
    }

    private void heard(MetadataImage image, long nowNs) {
        PictureMark mark = Objects.requireNonNull(theirs.newest());
        check.heard(Heartbeat.newBuilder().setNodeId(1).setPicture(mark).build(), image, nowNs);
    }

    @Test
    void picturesOfEqualCommandsAgreeAlsoAfterASnapshot() {
        MetadataImage mine = picture("a", 3);
        rest(own, mine);
        rest(theirs, MetadataCodec.image(MetadataCodec.snapshot(mine)));
        assertNotNull(own.digest(mine.appliedIndex()));
        assertEquals(own.newest(), theirs.newest());
        heard(mine, 0);
        assertEquals(Set.of(), check.differing());
    }

    @Test
    void whoeverDiffersIsNamedUntilItAgreesOrIsGone() {
        MetadataImage mine = picture("a", 3);
        rest(own, mine);
        rest(theirs, picture("b", 3));
        heard(mine, 0);
        assertEquals(Set.of(1), check.differing());
        check.onImage(mine);
        assertEquals(Set.of(1), check.differing());

        theirs = new PictureMarks(Runnable::run, Runnable::run);
        rest(theirs, mine);
        heard(mine, 0);
        assertEquals(Set.of(), check.differing());

        theirs = new PictureMarks(Runnable::run, Runnable::run);
        rest(theirs, picture("b", 3));
        heard(mine, 0);
        assertEquals(Set.of(1), check.differing());
        check.onImage(MetadataImage.empty("c"));
        assertEquals(Set.of(), check.differing());
    }

    @Test
    void whoeverHasAppliedWhatTheControllerNeverHadIsNamedAfterAWhile() {
        MetadataImage mine = picture("a", 3);
        rest(theirs, picture("a", 4));
        heard(mine, 0);
        heard(mine, 10 * SECOND - 1);
        assertEquals(Set.of(), check.differing());
        heard(mine, 10 * SECOND);
        assertEquals(Set.of(1), check.differing());
    }

    @Test
    void digestsOfOtherFormatsAreNotCompared() {
        MetadataImage mine = picture("a", 3);
        rest(own, mine);
        rest(theirs, picture("b", 3));
        PictureMark.Builder mark = Objects.requireNonNull(theirs.newest()).toBuilder();
        Heartbeat.Builder heartbeat =
                Heartbeat.newBuilder().setNodeId(1).setPicture(mark.setFormat(mark.getFormat() + 1));
        check.heard(heartbeat.build(), mine, 0);
        check.heard(heartbeat.clearPicture().build(), mine, 0);
        assertEquals(Set.of(), check.differing());
    }

    @Test
    void aPictureThatDoesNotRestIsMarkedAtEach64thIndexAndOneAtATime() {
        Queue<Runnable> work = new ArrayDeque<>();
        PictureMarks marks = new PictureMarks(work::add, Runnable::run);
        MetadataImage image = picture("a", 0);
        for (int i = 0; i < 3 * PictureMarks.EVERY; i++) {
            image = after(image, ClusterWorld.create("a" + i, 1));
            marks.applied(image, Command.getDefaultInstance());
            if (image.appliedIndex() == 2 * PictureMarks.EVERY) {
                work.remove().run();
            }
        }
        work.remove().run();
        assertEquals(0, work.size());
        assertNotNull(marks.digest(PictureMarks.EVERY));
        assertNull(marks.digest(2 * PictureMarks.EVERY));
        assertNotNull(marks.digest(3 * PictureMarks.EVERY));
        assertNull(marks.digest(image.appliedIndex()));
    }
}
