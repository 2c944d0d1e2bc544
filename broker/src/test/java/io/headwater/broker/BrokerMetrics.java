package io.headwater.broker;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/** Reads a broker's metrics as Prometheus would. */
final class BrokerMetrics {
    private BrokerMetrics() {}

    static double value(Broker broker, String name) throws Exception {
        String page = page(broker.adminPort());
        double value = value(page, name);
        assertFalse(Double.isNaN(value), name + " is not in " + page);
        return value;
    }

    static String page(int adminPort) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + adminPort + "/metrics"))
                .timeout(Duration.ofSeconds(20))
                .build();
        return HttpClient.newHttpClient()
                .send(request, HttpResponse.BodyHandlers.ofString())
                .body();
    }

    /**
     * Not a number: it is not there.
     *
     * @param name with its labels, if it has any
     */
    static double value(String page, String name) {
        return page.lines()
                .filter(line -> line.startsWith(name + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
                .findFirst()
                .orElse(Double.NaN);
    }
}
