/** A replica's ports to what is real: a partition's log, and the marks that keep its promises. */
@NullMarked
package io.headwater.broker.copy;

import org.jspecify.annotations.NullMarked;
