package io.headwater.broker.replica;

/** From which index on the entries of a log are of an epoch. */
public record EpochStart(int epoch, long firstIndex) {}
