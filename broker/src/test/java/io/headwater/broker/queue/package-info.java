/** The queue engine, its structures, and a simulation of it beside a plain model. */
@NullMarked
package io.headwater.broker.queue;

import org.jspecify.annotations.NullMarked;
