package io.headwater.cli.produce;

import java.util.List;

/**
 * A field of a JSON object, {@code net} or {@code properties.time}, found while a parser walks by. Follows one object
 * at a time; a new one starts with {@link #reset}.
 */
final class FieldPath {
    private final String text;
    private final List<String> names;
    private int matched;
    private boolean found;
    private String value = "";

    FieldPath(String text) {
        this.text = text;
        this.names = List.of(text.split("\\.", -1));
    }

    void reset() {
        matched = 0;
        found = false;
        value = "";
    }

    /** A field name at this depth (1: the outermost object). True: its value is the one that is looked for. */
    boolean enters(int depth, String name) {
        if (found || depth > names.size() || matched < depth - 1) {
            return false;
        }
        matched = names.get(depth - 1).equals(name) ? depth : depth - 1;
        return matched == names.size();
    }

    /** An object at this depth has ended: what matched inside it does not count any more. */
    void leaves(int depth) {
        matched = Math.min(matched, depth - 1);
    }

    void take(String scalar) {
        found = true;
        value = scalar;
    }

    boolean isFound() {
        return found;
    }

    String value() {
        return value;
    }

    @Override
    public String toString() {
        return text;
    }
}
