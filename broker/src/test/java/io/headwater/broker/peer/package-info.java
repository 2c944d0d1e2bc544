@NullMarked
package io.headwater.broker.peer;

import org.jspecify.annotations.NullMarked;
