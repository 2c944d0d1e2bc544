/** For the tests of every module that holds Netty buffers. Start reading at {@code LeakCheck}. */
@NullMarked
package io.headwater.protocol.testing;

import org.jspecify.annotations.NullMarked;
