package io.headwater.broker.partition;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.headwater.broker.partition.GroupOp.Kind;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PositionTableTest {
    private final PositionTable table = new PositionTable();

    @Test
    void aCommitNeverGoesBackAndASeekDoes() {
        assertEquals(10, table.apply(new GroupOp(Kind.COMMIT, 1, 10, 100)));
        assertEquals(10, table.apply(new GroupOp(Kind.COMMIT, 1, 5, 101)));
        assertEquals(5, table.apply(new GroupOp(Kind.SEEK, 1, 5, 102)));
        assertEquals(6, table.apply(new GroupOp(Kind.COMMIT, 1, 6, 103)));
    }

    @Test
    void showsOnlyWhatIsDurable() {
        table.apply(new GroupOp(Kind.COMMIT, 1, 10, 100));
        assertEquals(-1, table.durableOffset(1));

        table.durable(1, 10, 100);
        table.apply(new GroupOp(Kind.COMMIT, 1, 20, 200));

        assertEquals(10, table.durableOffset(1));
    }

    @Test
    void aForgottenGroupIsGoneOnceThatIsDurable() {
        table.apply(new GroupOp(Kind.COMMIT, 1, 10, 100));
        table.durable(1, 10, 100);
        table.apply(new GroupOp(Kind.FORGET, 1, 0, 200));
        assertEquals(10, table.durableOffset(1));

        table.durable(1, -1, 200);

        assertNull(table.place(1));
        assertEquals(-1, table.durableOffset(1));
    }

    @Test
    void aCommitThatFollowsAForgettingStays() {
        table.apply(new GroupOp(Kind.FORGET, 1, 0, 200));
        table.apply(new GroupOp(Kind.COMMIT, 1, 3, 201));

        table.durable(1, -1, 200);
        table.durable(1, 3, 201);

        assertEquals(3, table.durableOffset(1));
    }

    @Test
    void operationsComeBackFromTheirBytes() {
        List<GroupOp> ops = List.of(
                new GroupOp(Kind.COMMIT, 1, 10, 100),
                new GroupOp(Kind.SEEK, -7, Long.MAX_VALUE, 0),
                new GroupOp(Kind.FORGET, 3, 0, 5));
        List<GroupOp> back = new ArrayList<>();

        GroupOp.decode(GroupOp.encode(ops), back::add);

        assertEquals(ops, back);
    }
}
