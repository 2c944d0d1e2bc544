package io.headwater.broker.metadata;

import io.headwater.protocol.wire.ErrorCode;
import java.util.List;

/** What became of a proposed command, once that is certain. */
public sealed interface Outcome {
    /**
     * The command stands in the log, durably, and took effect.
     *
     * @param index its index in the metadata log
     * @param image the picture right after it
     * @param id of a block of producer ids: its first; of a registration: the node's; otherwise 0
     * @param took of a batch: whether each of its items took effect, in their order; one that did not met another epoch,
     *     version or incarnation than it named, and changed nothing. Otherwise empty
     */
    record Committed(long index, MetadataImage image, long id, List<Boolean> took) implements Outcome {
        public Committed {
            took = List.copyOf(took);
        }

        static Committed of(MetadataImage image) {
            return withId(image, 0);
        }

        static Committed withId(MetadataImage image, long id) {
            return new Committed(image.appliedIndex(), image, id, List.of());
        }
    }

    /**
     * The command had no effect and never will: the picture it met did not allow it.
     *
     * @param message for a person: what was wrong and what was expected
     */
    record Refused(ErrorCode code, String message) implements Outcome {}
}
