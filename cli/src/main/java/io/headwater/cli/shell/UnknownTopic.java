package io.headwater.cli.shell;

import io.headwater.client.HeadwaterException;
import java.util.function.Supplier;

/** The mistake that everybody makes first: a topic that nobody made. */
public final class UnknownTopic {
    private static final String CODE = "UNKNOWN_TOPIC";

    private UnknownTopic() {}

    /** Runs an operation on a topic; where the topic is missing, the failure names the command that makes it. */
    public static <T> T explained(String topic, Supplier<T> operation) {
        try {
            return operation.get();
        } catch (HeadwaterException e) {
            if (is(e)) {
                throw failure(topic);
            }
            throw e;
        }
    }

    /** As {@link #explained}, for an operation that nobody would make the topic for. */
    public static void explainedWithList(String topic, Runnable operation) {
        try {
            operation.run();
        } catch (HeadwaterException e) {
            if (is(e)) {
                throw CommandFailure.failed(
                        "topic " + topic + " does not exist\n  headwater topic list shows the topics");
            }
            throw e;
        }
    }

    public static boolean is(HeadwaterException e) {
        return e.code().equals(CODE);
    }

    public static CommandFailure failure(String topic) {
        return CommandFailure.failed(
                "topic " + topic + " does not exist; make it with: headwater topic create " + topic);
    }
}
