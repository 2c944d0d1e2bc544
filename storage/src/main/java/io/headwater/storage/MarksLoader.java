package io.headwater.storage;

import java.util.function.Consumer;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/** Builds the state of {@link Marks} from the records of its journal. */
final class MarksLoader implements Consumer<byte[]>, MarksLayout.Reader {
    private final Long2ObjectHashMap<Mark> marks = new Long2ObjectHashMap<>();
    private final Mark scratch = new Mark();
    private MarksLayout.@Nullable Identity identity;

    @Override
    public void accept(byte[] record) {
        MarksLayout.decode(record, scratch, this);
    }

    @Override
    public void identity(MarksLayout.Identity found) {
        identity = found;
    }

    @Override
    public void mark(Mark mark) {
        marks.computeIfAbsent(mark.partitionId, id -> new Mark()).set(mark);
    }

    @Override
    public void removed(long partitionId) {
        marks.remove(partitionId);
    }

    MarksLayout.@Nullable Identity identity() {
        return identity;
    }

    Long2ObjectHashMap<Mark> marks() {
        return marks;
    }
}
