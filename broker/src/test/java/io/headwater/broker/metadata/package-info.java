@NullMarked
package io.headwater.broker.metadata;

import org.jspecify.annotations.NullMarked;
