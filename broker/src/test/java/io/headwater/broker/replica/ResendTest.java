package io.headwater.broker.replica;

import static io.headwater.broker.replica.LoneReplica.A;
import static io.headwater.broker.replica.LoneReplica.THREE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.replica.ReplicaMessage.Append;
import io.headwater.broker.replica.ReplicaMessage.CopyFirst;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a leader sends again to a copy that says nothing. Its window is three entries, a message carries two. */
class ResendTest {
    private final LoneReplica lone = LoneReplica.leading(3, THREE);
    private long nowMs = 1_000;

    @BeforeEach
    void fillTheWindow() {
        lone.attach(3, A, 1);
        for (int i = 0; i < 10; i++) {
            lone.append(3);
        }
        lone.sent.clear();
    }

    private void waits(int times) {
        for (int i = 0; i < times; i++) {
            lone.replica.tick(nowMs);
            nowMs += 100;
        }
    }

    private List<String> ranges() {
        return lone.sent(Append.class).stream()
                .map(each -> each.entries().fromIndex() + "-" + each.entries().endIndex())
                .toList();
    }

    @Test
    void whoIsSlowIsSentOneEntryAtATime() {
        waits(1_000);

        List<String> sent = ranges();
        assertTrue(sent.size() > 900, () -> "sent: " + sent.size());
        assertEquals(List.of("1-2"), sent.stream().distinct().toList());
    }

    @Test
    void whatWasLostIsSentAsSoonAsTheFirstOfItHasArrived() {
        waits(2);
        assertEquals(List.of("1-2"), ranges());
        lone.sent.clear();

        lone.ack(3, A, 2);

        assertEquals(List.of("2-4", "4-5"), ranges());
    }

    @Test
    void whoHadItAllIsSentWhatFollows() {
        waits(2);
        lone.sent.clear();

        lone.ack(3, A, 4);

        assertEquals(List.of("4-6", "6-7"), ranges());
    }

    @Test
    void whoHasWrittenAllAndNotSyncedItIsAskedToSayWhatItHas() {
        lone.replica.receive(new ReplicaMessage.Ack(3, A, 1, 4));
        lone.sent.clear();

        waits(2);

        assertEquals(List.of("1-2"), ranges());
    }

    @Test
    void whoNeedsWhatRetentionHasRemovedCopies() {
        lone.log.dropBefore(3);

        waits(2);

        assertEquals(List.of(), ranges());
        assertEquals(1, lone.sent(CopyFirst.class).size());
    }
}
