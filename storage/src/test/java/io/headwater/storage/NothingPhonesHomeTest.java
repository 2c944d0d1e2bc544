package io.headwater.storage;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

/** Chronicle's analytics library reports usage to a third party; the build excludes it. */
class NothingPhonesHomeTest {
    private static Object resource(String name) {
        return NothingPhonesHomeTest.class.getClassLoader().getResource(name);
    }

    @Test
    void chronicleAnalyticsIsAbsent() {
        assertNotNull(resource("net/openhft/chronicle/bytes/Bytes.class"), "the test looks in the right place");
        assertNull(resource("net/openhft/chronicle/analytics/Analytics.class"));
        assertNull(resource("META-INF/maven/net.openhft/chronicle-analytics/pom.properties"));
    }
}
