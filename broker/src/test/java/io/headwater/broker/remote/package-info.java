@NullMarked
package io.headwater.broker.remote;

import org.jspecify.annotations.NullMarked;
