package io.headwater.broker.replica;

import static io.headwater.broker.replica.LoneReplica.A;
import static io.headwater.broker.replica.LoneReplica.INCARNATION;
import static io.headwater.broker.replica.LoneReplica.ME;
import static io.headwater.broker.replica.LoneReplica.THREE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.replica.ControllerMessage.SealWanted;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A copy that is to lead while it may lack something, and has everything again a moment later. */
class LateWholeTest {
    @Test
    void doesNotLeadAnEpochThatItHasRefusedAndHasItEnded() {
        LoneReplica lone = new LoneReplica(0, Lack.ANYTHING, 1, 1);
        lone.view(3, new Leader(A, 51), THREE);
        lone.replica.onPromiseDurable(3);
        lone.replica.receive(new ReplicaMessage.AttachOk(3, new AttachId(ME, INCARNATION, 1), 2, 0, 3));
        lone.receive(3, 2, 0, 3);

        lone.view(4, new Leader(ME, INCARNATION), THREE);
        assertFalse(lone.replica.isLeading());
        lone.sync();
        assertTrue(lone.events.contains("whole again"), lone.events.toString());
        assertFalse(lone.replica.isLeading());

        assertTrue(lone.replica.needsTicks(), "nobody else leads this epoch");
        lone.replica.tick(1_000);
        assertEquals(List.of(new SealWanted(4)), lone.told(SealWanted.class));
        lone.sealed(5);
        assertFalse(lone.replica.needsTicks());
    }
}
