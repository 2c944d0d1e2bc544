package io.headwater.cli.print;

import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.cli.shell.Output;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.ConsumedRecord;
import io.headwater.client.QueueRecord;
import io.headwater.record.RecordHeader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A record as a JSON object. Bytes that are UTF-8 are a string, others {@code {"base64": "…"}}, none are null. Headers
 * are an object in their order; the values of a name that comes more than once are an array. A record that has a lease
 * comes with its token.
 */
public final class JsonFormat implements RecordFormat {
    private final JsonLines lines;

    JsonFormat(Output out) {
        this.lines = new JsonLines(out);
    }

    @Override
    public void write(ConsumedRecord record) {
        lines.object(json -> {
            fields(record, json);
            if (record instanceof QueueRecord leased) {
                json.writeNumberField("deliveries", leased.deliveries());
                json.writeNumberField("failures", leased.failures());
                json.writeStringField("token", leased.token());
                json.writeNumberField("leaseUntil", leased.leaseUntilMs());
            }
        });
    }

    /** The inside of the object. */
    public static void fields(ConsumedRecord record, JsonGenerator json) throws IOException {
        json.writeStringField("topic", record.topic());
        json.writeNumberField("partition", record.partition());
        json.writeNumberField("offset", record.offset());
        json.writeFieldName("key");
        BytesText.json(record.key(), json);
        json.writeFieldName("value");
        BytesText.json(record.value(), json);
        headers(record.headers(), json);
        json.writeNumberField("eventTime", record.eventTimeMs());
        json.writeNumberField("ingestionTime", record.ingestionTimeMs());
    }

    private static void headers(List<RecordHeader> headers, JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("headers");
        if (!headers.isEmpty()) {
            Map<String, List<RecordHeader>> byName = new LinkedHashMap<>();
            headers.forEach(header -> byName.computeIfAbsent(header.name(), name -> new ArrayList<>())
                    .add(header));
            for (Map.Entry<String, List<RecordHeader>> entry : byName.entrySet()) {
                json.writeFieldName(entry.getKey());
                if (entry.getValue().size() == 1) {
                    BytesText.json(entry.getValue().get(0).value(), json);
                } else {
                    json.writeStartArray();
                    for (RecordHeader header : entry.getValue()) {
                        BytesText.json(header.value(), json);
                    }
                    json.writeEndArray();
                }
            }
        }
        json.writeEndObject();
    }
}
