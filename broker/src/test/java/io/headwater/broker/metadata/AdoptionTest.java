package io.headwater.broker.metadata;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.wire.AdoptMetadata;
import io.headwater.broker.metadata.wire.Command;
import io.headwater.broker.metadata.wire.State;
import io.headwater.protocol.wire.ErrorCode;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What a broker knew that stood alone goes into the log of a cluster. */
class AdoptionTest {
    private static Command command(AdoptMetadata adopt) {
        return Command.newBuilder().setAdoptMetadata(adopt).build();
    }

    private static void adopt(TestCluster cluster, MetadataImage before) {
        Adoption.of(before).forEach(adopt -> cluster.took(command(adopt)));
    }

    private static State stateOf(MetadataImage image) {
        return MetadataCodec.snapshot(image.at(0));
    }

    /** A standalone broker after whatever was asked of it. */
    private static MetadataImage alone(long seed, int commands) {
        TestCluster alone = new TestCluster();
        alone.took(Commands.register("d"));
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < commands; i++) {
            alone.apply(Commands.random(random));
        }
        alone.took(Commands.register("d"));
        return alone.image;
    }

    @Test
    void nothingIsLostOrAdded() {
        for (int seed = 0; seed < 50; seed++) {
            MetadataImage before = alone(seed, 10 * seed);
            TestCluster cluster = new TestCluster();
            adopt(cluster, before);
            assertEquals(stateOf(before), stateOf(cluster.image), "seed " + seed);
            assertTrue(cluster.image.appliedIndex() >= before.appliedIndex(), "no incarnation comes twice");
            long known = cluster.node(1).incarnation();
            cluster.took(Commands.register("d"));
            assertTrue(cluster.node(1).incarnation() > known);
        }
    }

    @Test
    void muchOfItIsManyCommandsAndNoneIsLarge() {
        TestCluster alone = new TestCluster();
        alone.took(Commands.register("d"));
        for (int i = 0; i < 3_000; i++) {
            alone.took(Commands.create("topic-" + i, i % 50 == 0 ? 1_000 : 3));
            alone.took(Commands.group("group-" + i));
        }
        List<AdoptMetadata> all = Adoption.of(alone.image);
        assertTrue(all.size() > 5, () -> all.size() + " commands");
        all.forEach(each -> assertTrue(each.getSerializedSize() <= 130 << 10));
        TestCluster cluster = new TestCluster();
        adopt(cluster, alone.image);
        assertEquals(stateOf(alone.image), stateOf(cluster.image));
    }

    @Test
    void aTopicThatIsTooLargeForACommandIsNamed() {
        TestCluster alone = new TestCluster();
        alone.took(Commands.register("d"));
        alone.took(Commands.create("wide", 100_000));
        IllegalArgumentException refusal = assertThrows(IllegalArgumentException.class, () -> Adoption.of(alone.image));
        assertTrue(String.valueOf(refusal.getMessage()).startsWith("topic wide: 100000 partitions"));
    }

    @Test
    void aClusterInWhichSomethingHasHappenedTakesNothingOver() {
        MetadataImage before = alone(7, 100);
        TestCluster twice = new TestCluster();
        adopt(twice, before);
        TestCluster other = TestCluster.of(1);
        for (AdoptMetadata each : Adoption.of(before)) {
            other.refused(ErrorCode.ERROR_INVALID_CONFIG, command(each));
        }
        twice.refused(
                ErrorCode.ERROR_INVALID_CONFIG,
                command(Adoption.of(before).get(Adoption.of(before).size() - 1)));
        TestCluster foreign = new TestCluster();
        foreign.image = MetadataImage.empty("another");
        foreign.refused(
                ErrorCode.ERROR_INVALID_CONFIG, command(Adoption.of(before).get(0)));
    }
}
