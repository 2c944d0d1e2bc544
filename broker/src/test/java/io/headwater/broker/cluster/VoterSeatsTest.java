package io.headwater.broker.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.DrainNode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class VoterSeatsTest {
    private final TestPicture picture = new TestPicture(2);

    private List<String> voters(int... nodes) {
        return new ArrayList<>(Arrays.stream(nodes).mapToObj(picture::voter).toList());
    }

    private List<String> wanted(List<String> present, Integer... lost) {
        return VoterSeats.wanted(present, picture.image, node -> List.of(lost).contains(node.nodeId()));
    }

    @Test
    void twoNodesAreNoReasonForTwoVoters() {
        assertEquals(voters(1), wanted(voters(1)));
    }

    @Test
    void threeLiveNodesAreThreeVoters() {
        picture.register(3, "first");
        picture.register(4, "first");
        assertEquals(voters(1, 2, 3), wanted(voters(1)));
        assertEquals(voters(1, 2, 3), wanted(voters(1, 2, 3)));
    }

    @Test
    void fencedNodesDoNotCount() {
        picture.register(3, "first");
        picture.took(Commands.fence(picture.node(2)));
        assertEquals(voters(1), wanted(voters(1)));
    }

    @Test
    void racksThatHaveNoVoterComeFirst() {
        picture.register(3, TestPicture.directory(3), "rack-1", "first");
        picture.register(4, TestPicture.directory(4), "rack-2", "first");
        picture.register(5, TestPicture.directory(5), "rack-5", "first");
        assertEquals(voters(1, 2, 5), wanted(voters(1)));
    }

    @Test
    void aLostVotersSeatGoesToAnotherNodeIfThereIsOne() {
        picture.register(3, "first");
        picture.took(Commands.fence(picture.node(2)));
        assertEquals(voters(1, 2, 3), wanted(voters(1, 2, 3), 2));
        picture.register(4, "first");
        assertEquals(voters(1, 2, 3), wanted(voters(1, 2, 3)), "not lost for long enough");
        assertEquals(voters(1, 3, 4), wanted(voters(1, 2, 3), 2));
    }

    @Test
    void aNodeWithAnotherDirectoryIsAnotherVoter() {
        picture.register(3, "first");
        List<String> before = voters(1, 2, 3);
        picture.took(Commands.fence(picture.node(2)));
        picture.register(2, new UUID(1, 2).toString(), "rack-2", "with an empty disk");
        assertEquals(voters(1, 3, 2), wanted(before));
    }

    @Test
    void aNodeThatIsToLeaveGivesItsSeatUp() {
        picture.register(3, "first");
        picture.took(Command.newBuilder().setDrainNode(DrainNode.newBuilder().setNodeId(1)));
        assertEquals(voters(1, 2, 3), wanted(voters(1, 2, 3)), "nobody else is there");
        picture.register(4, "first");
        assertEquals(voters(2, 3, 4), wanted(voters(1, 2, 3)));
    }
}
