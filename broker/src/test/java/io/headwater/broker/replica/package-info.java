@NullMarked
package io.headwater.broker.replica;

import org.jspecify.annotations.NullMarked;
