@NullMarked
package io.headwater.broker.cluster;

import org.jspecify.annotations.NullMarked;
