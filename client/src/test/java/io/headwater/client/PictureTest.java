package io.headwater.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.protocol.wire.Node;
import io.headwater.protocol.wire.Partition;
import io.headwater.protocol.wire.Topic;
import io.headwater.protocol.wire.Topics;
import org.junit.jupiter.api.Test;

class PictureTest {
    private static final long PARTITION = 17;

    private final Picture picture = new Picture();

    private static Topics topics(int epoch, int leader, int... nodes) {
        Topics.Builder topics = Topics.newBuilder()
                .addTopics(Topic.newBuilder()
                        .setName("orders")
                        .addPartitions(Partition.newBuilder()
                                .setIndex(3)
                                .setPartitionId(PARTITION)
                                .setEpoch(epoch)
                                .setLeader(leader)));
        for (int node : nodes) {
            topics.addNodes(Node.newBuilder().setNodeId(node).setEndpoint("node" + node + ":1"));
        }
        return topics.build();
    }

    @Test
    void aSingleBrokerDoesEverything() {
        assertFalse(picture.learn(topics(5, 0), 0));
        assertFalse(picture.isCluster());
        assertEquals(Picture.UNKNOWN, picture.nodeOf(PARTITION));
    }

    @Test
    void anOlderPictureChangesNothing() {
        assertTrue(picture.learn(topics(5, 2, 1, 2), 0));
        assertFalse(picture.learn(topics(4, 1, 1, 2), 0));
        assertEquals(2, picture.nodeOf(PARTITION));
        assertFalse(picture.learn(topics(5, 2, 1, 2), 0));
        assertTrue(picture.learn(topics(6, 1, 1, 2), 0));
        assertEquals(1, picture.nodeOf(PARTITION));
    }

    @Test
    void aHintCountsUntilSomebodySaysOtherwise() {
        picture.learn(topics(5, 2, 1, 2), 0);
        picture.hint(PARTITION, 3, "node3:1", 0);
        assertEquals(3, picture.nodeOf(PARTITION));
        assertEquals(new Endpoint("node3", 1), picture.nodes().get(3));
        picture.learn(topics(4, 1, 1, 2), 0);
        assertEquals(3, picture.nodeOf(PARTITION), "that is older than what the hint corrected");
        assertTrue(picture.nodes().containsKey(3), "it leads something");
        picture.learn(topics(6, 1, 1, 2), 0);
        assertEquals(1, picture.nodeOf(PARTITION));
        assertFalse(picture.nodes().containsKey(3), "it is not of the cluster any more");
    }

    @Test
    void whatItsLeaderDeniesIsNoNewsWhenItIsSaidAgain() {
        picture.learn(topics(5, 2, 1, 2), 0);
        long news = picture.news();
        picture.hint(PARTITION, Picture.NOBODY, "", 0);
        assertTrue(picture.learn(topics(5, 2, 1, 2), 0), "there is somebody to ask again");
        assertEquals(2, picture.nodeOf(PARTITION));
        assertEquals(news, picture.news());
        picture.learn(topics(6, Picture.NOBODY, 1, 2), 0);
        assertEquals(news + 1, picture.news());
        picture.learn(topics(6, 1, 1, 2), 0);
        assertEquals(news + 2, picture.news());
    }

    @Test
    void knowsSinceWhenThereIsNoLeader() {
        picture.learn(topics(5, 2, 1, 2), 1_000_000_000L);
        assertEquals(null, picture.leaderless(PARTITION, 2_000_000_000L));
        picture.learn(topics(6, 0, 1, 2), 2_000_000_000L);
        picture.hint(PARTITION, 0, "", 3_000_000_000L);
        assertEquals(Picture.NOBODY, picture.nodeOf(PARTITION));
        assertEquals("no leader for orders-3 since 4 s", picture.leaderless(PARTITION, 6_500_000_000L));
    }
}
