package io.headwater.cli.queue;

import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.cli.print.BytesText;
import io.headwater.cli.queue.QueueOptions.AfterDeath;
import io.headwater.cli.text.DurationText;
import io.headwater.cli.text.Human;
import io.headwater.client.QueueAdmin.Group;
import io.headwater.client.QueueAdmin.KnownRecord;
import io.headwater.client.QueueGroupConfig;
import io.headwater.client.RecordState;
import java.io.IOException;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A group, and what it knows of a record, in words and as JSON fields. */
final class QueueText {
    private QueueText() {}

    /** {@code queue group billing of topic orders: in order per key, lease 30s, dead after 16 failures, …}. */
    static String summary(Group group) {
        QueueGroupConfig settings = group.settings();
        int failures = known(settings.maxFailures());
        return "queue group " + group.name() + " of topic " + group.topic() + ": "
                + (settings.keyed() ? "in order per key" : "in any order")
                + ", lease " + DurationText.exact(known(settings.lease()).toMillis())
                + ", " + (failures < 0 ? "never dead" : "dead after " + Human.count(failures, "failure"))
                + ", backoff " + BackoffText.text(known(settings.backoff()))
                + ", on death " + AfterDeath.text(known(settings.onDead()))
                + ", session grace "
                + DurationText.exact(known(settings.sessionGrace()).toMillis());
    }

    static String kind(Group group) {
        return group.settings().keyed() ? "keyed" : "queue";
    }

    static void fields(Group group, JsonGenerator json) throws IOException {
        QueueGroupConfig settings = group.settings();
        json.writeStringField("topic", group.topic());
        json.writeStringField("group", group.name());
        json.writeNumberField("id", group.id());
        json.writeStringField("kind", kind(group));
        json.writeNumberField("leaseMs", known(settings.lease()).toMillis());
        json.writeNumberField("maxFailures", known(settings.maxFailures()));
        json.writeStringField("backoff", BackoffText.text(known(settings.backoff())));
        json.writeStringField("onDead", AfterDeath.text(known(settings.onDead())));
        json.writeNumberField("sessionGraceMs", known(settings.sessionGrace()).toMillis());
        json.writeNumberField("created", group.createdMs());
    }

    /** Of a group that exists no setting is left open. */
    private static <T> T known(@Nullable T setting) {
        return Objects.requireNonNull(setting, "setting");
    }

    /** What a group knows of a record, without where the record is. */
    static void fields(KnownRecord record, JsonGenerator json) throws IOException {
        json.writeStringField("state", state(record.state()));
        json.writeNumberField("deliveries", record.deliveries());
        json.writeNumberField("failures", record.failures());
        json.writeNumberField("priority", record.priority());
        if (record.untilMs() > 0) {
            json.writeNumberField("until", record.untilMs());
        }
        if (record.sinceMs() > 0) {
            json.writeNumberField("since", record.sinceMs());
        }
        if (!record.holder().isEmpty()) {
            json.writeStringField("holder", record.holder());
        }
        if (!record.reason().isEmpty()) {
            json.writeStringField("reason", record.reason());
        }
        if (!record.cause().isEmpty()) {
            json.writeStringField("cause", record.cause());
        }
    }

    /** Why it is not done: what was said of its last failure, else how its last attempt ended. */
    static String why(KnownRecord record) {
        if (!record.reason().isEmpty()) {
            return BytesText.escaped(record.reason());
        }
        return record.cause().isEmpty()
                ? "-"
                : record.cause().toLowerCase(Locale.ROOT).replace('_', ' ');
    }

    static String state(RecordState state) {
        return state.name().toLowerCase(Locale.ROOT);
    }
}
