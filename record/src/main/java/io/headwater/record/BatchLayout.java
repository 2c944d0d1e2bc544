package io.headwater.record;

/**
 * Where each field of a record batch stands: the public Kafka layout, magic 2, everything big endian.
 *
 * <pre>
 *   0        8        12       16     17      21           23                 27               35
 *   +--------+--------+--------+------+-------+------------+------------------+----------------+--
 *   | base   | length | leader | magic| crc   | attributes | last offset      | base           |
 *   | offset | i32    | epoch  | u8=2 | u32   | i16        | delta i32        | timestamp i64  |
 *   | i64    |        | i32    |      |       |            |                  |                |
 *   +--------+--------+--------+------+-------+------------+------------------+----------------+--
 *   35              43            51               53                57              61
 * --+---------------+-------------+----------------+-----------------+---------------+---------
 *   | max           | producer    | producer       | base            | record        | records
 *   | timestamp i64 | id i64      | epoch i16      | sequence i32    | count i32     | ...
 * --+---------------+-------------+----------------+-----------------+---------------+---------
 * </pre>
 *
 * <p>{@code length} counts what follows it (the batch's size less 12). {@code crc} is CRC-32C over everything from
 * {@code attributes} to the end; the broker therefore may fill in base offset and leader epoch without touching it.
 * Attributes: bits 0-2 compression, 3 append time instead of event time, 4 transactional, 5 control, 6 delete horizon.
 *
 * <p>A record, all numbers zigzag varints: {@code length, attributes u8, timestampDelta, offsetDelta, keyLength (-1: no
 * key), key, valueLength (-1: no value), value, headerCount, [nameLength, name, valueLength, value]*}. With compression,
 * the records together are one compressed block.
 */
public final class BatchLayout {
    public static final int BASE_OFFSET = 0;
    public static final int LENGTH = 8;
    public static final int LEADER_EPOCH = 12;
    public static final int MAGIC = 16;
    public static final int CRC = 17;
    public static final int ATTRIBUTES = 21;
    public static final int LAST_OFFSET_DELTA = 23;
    public static final int BASE_TIMESTAMP = 27;
    public static final int MAX_TIMESTAMP = 35;
    public static final int PRODUCER_ID = 43;
    public static final int PRODUCER_EPOCH = 51;
    public static final int BASE_SEQUENCE = 53;
    public static final int RECORD_COUNT = 57;
    /** Size of the header; the records begin here. */
    public static final int HEADER_SIZE = 61;

    /** What the length field does not count: itself and what stands before it. */
    public static final int LENGTH_OVERHEAD = 12;

    public static final byte MAGIC_V2 = 2;

    public static final int COMPRESSION_MASK = 0x07;
    public static final int APPEND_TIME_FLAG = 0x08;
    public static final int TRANSACTIONAL_FLAG = 0x10;
    public static final int CONTROL_FLAG = 0x20;

    /** No producer id, epoch or sequence. */
    public static final int NO_PRODUCER = -1;

    /** Leader epoch of a batch that no leader has stamped yet. */
    public static final int NO_LEADER_EPOCH = -1;

    private BatchLayout() {}
}
