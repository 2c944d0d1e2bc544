/**
 * JMH suites, one class per question. {@code scripts/bench} runs them and writes a table; {@code -prof gc} shows what an
 * operation allocates. Start at {@link io.headwater.benchmarks.jmh.RecordBatchBenchmark}. May see every module but the
 * command line; nothing may depend on it.
 */
@NullMarked
package io.headwater.benchmarks.jmh;

import org.jspecify.annotations.NullMarked;
