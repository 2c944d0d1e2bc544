package io.headwater.broker.replica;

import java.util.List;

/** Consecutive entries of a log. Their bytes are the log's business: here only where they belong is known. */
public interface Entries {
    long fromIndex();

    /** Behind the last one. */
    long endIndex();

    int bytes();

    /** Their epochs; the first row starts at the first entry. */
    List<EpochStart> epochs();
}
