package io.headwater.client.examples;

import io.headwater.client.HeadwaterClient;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;

/** Sends records and learns what became of them. */
public final class ProduceExample {
    private ProduceExample() {}

    public static void main(String[] args) {
        run(args.length > 0 ? args[0] : "127.0.0.1:9440");
    }

    /** Needs a topic {@code orders}. */
    @SuppressWarnings("FutureReturnValueIgnored") // what matters is done in whenComplete
    public static void run(String server) {
        // example
        try (HeadwaterClient client = HeadwaterClient.builder().server(server).build();
                Producer producer = client.producer().build()) {
            for (int i = 0; i < 10; i++) {
                producer.send(ProducerRecord.ofUtf8("orders", "customer-" + i % 3, "{\"amount\": " + i + "}"))
                        .whenComplete((ack, failure) -> {
                            if (failure instanceof HeadwaterException.OutcomeUnknown) {
                                System.err.println("may or may not be stored: " + failure.getMessage());
                            } else if (failure != null) {
                                System.err.println("not stored: " + failure.getMessage());
                            } else {
                                System.out.println("stored in partition " + ack.partition() + " at " + ack.offset());
                            }
                        });
            }
        } // close() waits until all is answered
        // end
    }
}
