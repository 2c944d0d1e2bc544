/**
 * The load driver's options; the driver itself is in the benchmarks module. Start at {@link
 * io.headwater.cli.bench.BenchCommand}.
 */
@NullMarked
package io.headwater.cli.bench;

import org.jspecify.annotations.NullMarked;
