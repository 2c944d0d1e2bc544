package io.headwater.broker.queue;

/**
 * What an operator's request has led to. Whoever asks again because the answer was lost gets the same, and nothing is done
 * again.
 *
 * @param requestId chosen by whoever asks; not 0
 * @param records that it concerned
 * @param next where to go on; negative: that was all
 * @param gone that were looked for and are not there
 */
public record Answered(long requestId, long records, long next, long gone) {}
