package io.headwater.broker.control;

import static org.junit.jupiter.api.Assertions.assertSame;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ControlAgentTest {
    @Test
    void saysThatAnInvariantIsBrokenBeforeItsThreadEnds(@TempDir Path directory) throws Exception {
        try (ControlWorld world = new ControlWorld(directory)) {
            IllegalStateException broken = new IllegalStateException("the test says so");
            world.agent.start();
            world.queue.execute(() -> {
                throw broken;
            });
            assertSame(broken, world.fatal.get(10, TimeUnit.SECONDS));
            world.agent.close();
        }
    }
}
