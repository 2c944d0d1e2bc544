@NullMarked
package io.headwater.broker.group;

import org.jspecify.annotations.NullMarked;
