/** One short program for each face of the client. The tests run them; Javadoc and docs/client.md quote them. */
@NullMarked
package io.headwater.client.examples;

import org.jspecify.annotations.NullMarked;
