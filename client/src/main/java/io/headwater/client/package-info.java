/**
 * The Java client. Start reading at {@link io.headwater.client.HeadwaterClient}.
 */
@NullMarked
package io.headwater.client;

import org.jspecify.annotations.NullMarked;
