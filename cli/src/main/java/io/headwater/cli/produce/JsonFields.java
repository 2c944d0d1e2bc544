package io.headwater.cli.produce;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** Picks fields out of a line of JSON; stops reading it as soon as it has them. Not thread-safe. */
final class JsonFields {
    private static final JsonFactory JSON = new JsonFactory();

    private final List<FieldPath> wanted;

    JsonFields(List<FieldPath> wanted) {
        this.wanted = wanted;
    }

    /** Fills in every path, or says which is missing. Borrows the line. */
    void read(byte[] line) throws BadLineException {
        wanted.forEach(FieldPath::reset);
        try (JsonParser parser = JSON.createParser(line)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new BadLineException("is not a JSON object");
            }
            walk(parser);
        } catch (JsonProcessingException e) {
            throw new BadLineException("is not JSON: " + e.getOriginalMessage());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        for (FieldPath path : wanted) {
            if (!path.isFound()) {
                throw new BadLineException("has no field " + path);
            }
        }
    }

    private void walk(JsonParser parser) throws IOException, BadLineException {
        int depth = 1;
        int missing = wanted.size();
        while (depth > 0 && missing > 0) {
            JsonToken token = parser.nextToken();
            if (token == null) {
                return;
            }
            switch (token) {
                case START_OBJECT -> depth++;
                case END_OBJECT -> {
                    int left = depth--;
                    wanted.forEach(path -> path.leaves(left));
                }
                case START_ARRAY -> parser.skipChildren();
                case FIELD_NAME -> missing -= field(parser, depth);
                default -> {}
            }
        }
    }

    /** How many of the wanted fields this one is. */
    private int field(JsonParser parser, int depth) throws IOException, BadLineException {
        String name = parser.currentName();
        int taken = 0;
        for (FieldPath path : wanted) {
            if (path.enters(depth, name)) {
                JsonToken value = taken == 0 ? parser.nextToken() : parser.currentToken();
                if (value == null || !value.isScalarValue() || value == JsonToken.VALUE_NULL) {
                    throw new BadLineException("has no usable field " + path + ": its value is "
                            + (value == JsonToken.VALUE_NULL ? "null" : "an object or array")
                            + " (expected: a string, number or boolean)");
                }
                path.take(parser.getText());
                taken++;
            }
        }
        return taken;
    }
}
