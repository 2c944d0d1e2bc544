package io.headwater.storage;

/** A leader epoch of a log, and the index of the first entry in it. It ends where the next one starts. */
public record EpochStart(int epoch, long firstIndex) {}
