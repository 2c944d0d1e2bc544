package io.headwater.broker.queue;

import java.util.Arrays;

/**
 * Records of a group, by offset.
 *
 * @param next where to go on looking; {@link #NO_MORE}: there are no more
 */
@SuppressWarnings("ArrayRecordComponent")
public record Selection(long[] offsets, long next) {
    public static final long NO_MORE = -1;

    static Selection of(long[] found, int count, long next) {
        return new Selection(Arrays.copyOf(found, count), next);
    }
}
