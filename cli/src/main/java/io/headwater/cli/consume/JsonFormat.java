package io.headwater.cli.consume;

import com.fasterxml.jackson.core.JsonGenerator;
import io.headwater.cli.shell.Output;
import io.headwater.cli.text.JsonLines;
import io.headwater.client.ConsumedRecord;
import io.headwater.record.RecordHeader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A record as a JSON object. Bytes that are UTF-8 are a string, others {@code {"base64": "…"}}, none are null. Headers
 * are an object in their order; the values of a name that comes more than once are an array.
 */
final class JsonFormat implements RecordFormat {
    private final JsonLines lines;

    JsonFormat(Output out) {
        this.lines = new JsonLines(out);
    }

    @Override
    public void write(ConsumedRecord record) {
        lines.object(json -> {
            json.writeStringField("topic", record.topic());
            json.writeNumberField("partition", record.partition());
            json.writeNumberField("offset", record.offset());
            json.writeFieldName("key");
            bytes(record.key(), json);
            json.writeFieldName("value");
            bytes(record.value(), json);
            headers(record.headers(), json);
            json.writeNumberField("eventTime", record.eventTimeMs());
            json.writeNumberField("ingestionTime", record.ingestionTimeMs());
        });
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
                    bytes(entry.getValue().get(0).value(), json);
                } else {
                    json.writeStartArray();
                    for (RecordHeader header : entry.getValue()) {
                        bytes(header.value(), json);
                    }
                    json.writeEndArray();
                }
            }
        }
        json.writeEndObject();
    }

    private static void bytes(byte @Nullable [] bytes, JsonGenerator json) throws IOException {
        if (bytes == null) {
            json.writeNull();
        } else if (Utf8.isValid(bytes)) {
            json.writeUTF8String(bytes, 0, bytes.length);
        } else {
            json.writeStartObject();
            json.writeBinaryField("base64", bytes);
            json.writeEndObject();
        }
    }
}
