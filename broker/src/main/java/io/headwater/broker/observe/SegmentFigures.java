package io.headwater.broker.observe;

/**
 * What has gone between this broker and others as whole segments, since the start.
 *
 * @param filling copies here that are being filled
 * @param sentBytes to fill copies of others
 * @param receivedBytes to fill copies here
 * @param received segments that became part of copies here
 */
public record SegmentFigures(int filling, long sentBytes, long receivedBytes, long received) {}
