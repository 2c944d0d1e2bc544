package io.headwater.broker.simulation;

import io.headwater.broker.partition.StateAudit;
import io.headwater.record.EntryKind;
import io.headwater.storage.Disk;
import io.headwater.storage.LogDumper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Whether what leaders wrote as derived at the beginning of each segment of a copy is what its entries lead to. */
final class Checkpoints {
    private static final long MOST_BYTES = 64 << 20;
    /** Of no operations. */
    private static final int VERSION_BYTES = 1;

    private final StateAudit audit = new StateAudit(MOST_BYTES);
    private final int leftOut;
    private final List<String> complaints = new ArrayList<>();
    private int operations;

    /** @param leftOut the operations of every so many entries are not seen, as if leaders had derived what they never wrote; 0: of none */
    Checkpoints(int leftOut) {
        this.leftOut = leftOut;
    }

    /** All segments of a partition. */
    void look(Disk disk, Path directory) {
        long partition = Long.parseLong(directory.getFileName().toString());
        try {
            for (String name : disk.list(directory)) {
                if (name.endsWith(".log")) {
                    LogDumper.dump(disk, directory.resolve(name), (position, envelope, payload, intact) -> {
                        if (intact) {
                            ByteBuffer seen = seen(envelope.kind(), payload);
                            say(audit(() -> audit.next(partition, envelope, () -> seen)));
                        }
                    });
                }
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private interface Step {
        @Nullable
        String run() throws IOException;
    }

    private static @Nullable String audit(Step step) {
        try {
            return step.run();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private ByteBuffer seen(EntryKind kind, ByteBuffer payload) {
        boolean out = kind == EntryKind.QUEUE_OPS && leftOut > 0 && operations++ % leftOut == 0;
        return out ? payload.duplicate().limit(payload.position() + VERSION_BYTES) : payload;
    }

    private void say(@Nullable String complaint) {
        if (complaint != null) {
            complaints.add(complaint);
        }
    }

    long compared() {
        return audit.compared();
    }

    List<String> complaints() {
        return complaints;
    }
}
