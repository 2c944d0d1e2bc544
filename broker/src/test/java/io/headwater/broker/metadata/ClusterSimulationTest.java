package io.headwater.broker.metadata;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.wire.Command;
import io.headwater.record.testing.Seeds;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

class ClusterSimulationTest {
    @Test
    void twoControllersWithOldPicturesDoNoHarm() {
        int[] counts = new int[2];
        Seeds.run(150, random -> {
            ClusterSimulation simulation = new ClusterSimulation(random);
            simulation.run(200);
            counts[0] += simulation.took();
            counts[1] += simulation.failed();
        });
        // Each side of the rules is met often, or the test shows nothing.
        assertTrue(counts[0] > 20 * counts[1] / 100 && counts[1] > 20 * counts[0] / 100, counts[0] + ", " + counts[1]);
    }

    /** The controls: a machine that does not look at what a command names. */
    @Test
    void theCheckersSeeAMachineThatElectsInWhicheverEpoch() {
        seen((image, command) -> command.hasElect() ? ignoring(image, command, true) : command);
    }

    @Test
    void theCheckersSeeAMachineThatElectsWhicheverIncarnation() {
        seen((image, command) -> command.hasElect() ? ignoring(image, command, false) : command);
    }

    private static Command ignoring(MetadataImage image, Command command, boolean epoch) {
        Command.Builder changed = command.toBuilder();
        changed.getElectBuilder().getItemsBuilderList().forEach(item -> {
            PartitionInfo partition = image.partition(item.getPartitionId());
            NodeInfo node = image.node(item.getNodeId());
            if (epoch && partition != null) {
                item.setEpoch(partition.epoch()).setCfgVer(partition.cfgVer());
            }
            if (!epoch && node != null) {
                item.setIncarnation(node.incarnation());
            }
        });
        return changed.build();
    }

    private static void seen(BiFunction<MetadataImage, Command, Command> fault) {
        assertThrows(AssertionError.class, () -> {
            for (long seed = 0; seed < 50; seed++) {
                new ClusterSimulation(new SplittableRandom(seed), fault).run(200);
            }
        });
    }
}
