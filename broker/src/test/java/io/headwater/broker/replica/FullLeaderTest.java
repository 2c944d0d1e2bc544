package io.headwater.broker.replica;

import static io.headwater.broker.replica.LoneReplica.A;
import static io.headwater.broker.replica.LoneReplica.B;
import static io.headwater.broker.replica.LoneReplica.C;
import static io.headwater.broker.replica.LoneReplica.INCARNATION;
import static io.headwater.broker.replica.LoneReplica.ME;
import static io.headwater.broker.replica.LoneReplica.THREE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.replica.ControllerMessage.MarkCommitted;
import java.io.UncheckedIOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A leader whose disk is full when its voters change: the change ends once there is room. */
class FullLeaderTest {
    private static void whereThereIsNoRoom(LoneReplica lone, Configuration next) {
        lone.log.full = true;
        assertThrows(UncheckedIOException.class, () -> lone.view(3, new Leader(ME, INCARNATION), next));
        assertTrue(lone.replica.needsTicks());
        assertThrows(UncheckedIOException.class, () -> lone.replica.tick(1_000));
        lone.log.full = false;
        lone.replica.tick(1_010);
        assertEquals(List.of(), lone.told(MarkCommitted.class));
        lone.replica.tick(2_000);
        lone.sync();
        lone.replica.onPromiseDurable(3);
    }

    @Test
    void marksLaterThatItsVotersChange() {
        LoneReplica lone = LoneReplica.leading(3, THREE);
        lone.attach(3, A, 1);
        lone.attach(3, C, 1);
        whereThereIsNoRoom(lone, new Configuration(2, List.of(ME, A, B), List.of(ME, B, C), 0));
        assertEquals(2, lone.log.endIndex());

        lone.ack(3, A, 2);
        lone.ack(3, C, 2);
        assertEquals(new MarkCommitted(3, 2), lone.told(MarkCommitted.class).get(0));
    }

    @Test
    void whoWasAloneBeginsItsEpochLater() {
        LoneReplica lone = LoneReplica.leading(3, new Configuration(1, List.of(ME), List.of(), 0), 1, 1);
        lone.attach(3, A, 2);
        whereThereIsNoRoom(lone, new Configuration(2, List.of(ME), List.of(ME, A), 0));
        assertEquals(List.of(3), lone.promises);
        assertEquals(4, lone.log.endIndex(), "the start of the epoch, and the mark");

        lone.ack(3, A, 4);
        assertEquals(new MarkCommitted(3, 2), lone.told(MarkCommitted.class).get(0));
    }
}
