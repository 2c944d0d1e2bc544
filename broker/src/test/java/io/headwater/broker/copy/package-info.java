@NullMarked
package io.headwater.broker.copy;

import org.jspecify.annotations.NullMarked;
