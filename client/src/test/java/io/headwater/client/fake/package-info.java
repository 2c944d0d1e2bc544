/** A broker in a few hundred lines, in memory and without mercy: it drops connections wherever a test asks it to. */
package io.headwater.client.fake;
