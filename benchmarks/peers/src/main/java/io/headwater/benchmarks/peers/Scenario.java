package io.headwater.benchmarks.peers;

import java.io.IOException;
import java.util.List;

/** One question of the comparison. */
interface Scenario {
    /** What {@code --only} calls it. */
    String name();

    List<Figure> run(Workbench bench) throws IOException, InterruptedException;
}
