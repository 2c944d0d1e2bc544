package io.headwater.cli.produce;

import io.headwater.cli.shell.ClientFailure;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.AckLevel;
import io.headwater.client.HeadwaterException;
import io.headwater.client.Producer.Acknowledgement;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** Counts what became of the records, and prints each where that was asked for. */
final class Tally {
    private final @Nullable JsonLines json;
    private long acknowledged;
    private long acknowledgedBytes;
    private long duplicates;
    private long failed;
    private long unknown;
    private AckLevel level = AckLevel.PERSISTED;
    private @Nullable String firstFailure;
    private @Nullable HeadwaterException firstCause;

    /** With {@code json}, every acknowledgement is written there. */
    Tally(@Nullable JsonLines json) {
        this.json = json;
    }

    /** Waits for each of these records. */
    void count(Sent sent) {
        long line = sent.firstLine();
        long before = acknowledged;
        for (var future : sent.acknowledgements()) {
            try {
                acknowledged(future.join());
            } catch (CompletionException e) {
                if (!(e.getCause() instanceof HeadwaterException cause)) {
                    throw e;
                }
                failed(line, cause);
            }
            line++;
        }
        if (acknowledged - before == sent.acknowledgements().size()) {
            acknowledgedBytes += sent.bytes();
        }
    }

    private void acknowledged(Acknowledgement ack) {
        acknowledged++;
        level = ack.level();
        if (ack.duplicate()) {
            duplicates++;
        }
        if (json != null) {
            json.object(fields -> {
                fields.writeNumberField("partition", ack.partition());
                fields.writeNumberField("offset", ack.offset());
                fields.writeBooleanField("duplicate", ack.duplicate());
                fields.writeStringField("level", levelName(ack.level()));
            });
        }
    }

    private void failed(long line, HeadwaterException cause) {
        if (cause instanceof HeadwaterException.OutcomeUnknown) {
            unknown++;
        } else {
            failed++;
        }
        if (firstCause == null) {
            firstCause = cause;
            firstFailure = "line " + line + ": " + ClientFailure.explain(cause, "");
        }
    }

    long acknowledged() {
        return acknowledged;
    }

    long acknowledgedBytes() {
        return acknowledgedBytes;
    }

    long duplicates() {
        return duplicates;
    }

    long failed() {
        return failed;
    }

    /** Records that may or may not be stored. */
    long unknown() {
        return unknown;
    }

    String levelName() {
        return levelName(level);
    }

    /** What happened to the first record that was not acknowledged; null: all were. */
    @Nullable
    String firstFailure() {
        return firstFailure;
    }

    @Nullable
    HeadwaterException firstCause() {
        return firstCause;
    }

    private static String levelName(AckLevel level) {
        return level.name().toLowerCase(Locale.ROOT);
    }
}
