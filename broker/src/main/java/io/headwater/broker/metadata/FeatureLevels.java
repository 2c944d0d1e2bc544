package io.headwater.broker.metadata;

import java.util.SortedMap;
import java.util.TreeMap;

/** Which levels of features could hold. Functions of the picture. */
public final class FeatureLevels {
    /** Commands of the metadata log, and what stands in them. */
    public static final String METADATA = "metadata";
    /** From this level of {@link #METADATA} on, topics may be acknowledged at level replicated. */
    public static final int REPLICATED_LEVEL = 2;

    private FeatureLevels() {}

    /** Whether a feature has this level; also where a broker alone has to understand itself only. */
    public static boolean holds(MetadataImage image, String name, int level) {
        int present = image.featureLevel(name);
        return present == 0 || present >= level;
    }

    /** The highest level of each feature that every registered broker can do, dead ones included; none: left out. */
    public static SortedMap<String, Integer> possible(MetadataImage image) {
        SortedMap<String, Integer> levels = new TreeMap<>();
        for (NodeInfo node : image.nodes()) {
            node.details().features().forEach((name, range) -> levels.merge(name, range.max(), Math::min));
        }
        levels.entrySet()
                .removeIf(each -> image.nodes().stream()
                        .anyMatch(node -> !node.details().supports(each.getKey(), each.getValue())));
        return levels;
    }

    /** Those of them that are above what holds. */
    public static SortedMap<String, Integer> higher(MetadataImage image) {
        SortedMap<String, Integer> levels = possible(image);
        levels.entrySet().removeIf(each -> each.getValue() <= image.featureLevel(each.getKey()));
        return levels;
    }
}
