package io.headwater.broker.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.broker.metadata.FeatureLevels;
import io.headwater.broker.metadata.FeatureRange;
import io.headwater.broker.metadata.Outcome;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Brokers of different versions in one cluster. */
@Timeout(60)
class FeaturesTest extends ClusterWorld {
    private static final ClusterSettings.Timing SHORT =
            new ClusterSettings.Timing(100, 1_500, 600_000, 500, 8_000, 3_000);

    private TestBroker version(TestBroker broker, int min, int max) {
        broker.features = new TreeMap<>(Map.of("log", new FeatureRange(min, max)));
        return broker;
    }

    private TestBroker started(TestBroker broker, int... seeds) {
        broker.start(seeds);
        until(broker::isStarted);
        return broker;
    }

    private static int level(TestBroker broker) {
        return broker.metadata().image().featureLevel("log");
    }

    @Test
    void aLevelRisesWhenAllCanDoItAndSomebodySaysSoAndOlderVersionsAreRefusedFromThenOn() {
        TestBroker first = started(version(broker(1), 1, 1));
        until(() -> level(first) == 1);
        TestBroker second = started(version(broker(2), 1, 2), 1);
        assertEquals(1, level(second), "the founder's");
        assertEquals(Map.of(), FeatureLevels.higher(second.metadata().image()));
        assertInstanceOf(
                Outcome.Refused.class, agreed(second, Commands.feature("log", 2).build()));

        first.kill();
        TestBroker newer = started(version(again(first), 1, 2));
        until(() -> FeatureLevels.higher(newer.metadata().image()).equals(Map.of("log", 2)));
        assertEquals(1, level(newer), "nothing rises by itself");
        took(newer, Commands.feature("log", 2).build());
        until(() -> level(second) == 2);

        TestBroker older = version(broker(3), 1, 1).start(SHORT, 1);
        until(() -> older.starting().isDone());
        CompletionException refusal =
                assertThrows(CompletionException.class, () -> older.starting().join());
        assertTrue(String.valueOf(refusal.getMessage()).contains("level 2 of feature log"), refusal.getMessage());
    }

    @Test
    void whatThisVersionCanDoHoldsInAFreshCluster() {
        TestBroker first = broker(1);
        first.features = ClusterSettings.FEATURES;
        started(first);
        until(() -> first.metadata().image().features().keySet().equals(ClusterSettings.FEATURES.keySet()));
        first.metadata()
                .image()
                .features()
                .forEach((name, level) ->
                        assertEquals(ClusterSettings.FEATURES.get(name).max(), level));
    }
}
