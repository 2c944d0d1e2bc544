/** Voters of one cluster in one process, whose calls a test may cut. */
@NullMarked
package io.headwater.broker.consensus;

import org.jspecify.annotations.NullMarked;
