package io.headwater.broker.metadata;

import org.jspecify.annotations.Nullable;

/** What topics and groups may be called. Files never carry these names, so the rule is for people and shells. */
public final class NameRules {
    private static final int MAX_LENGTH = 128;

    private NameRules() {}

    /** What is wrong with the name, for a person; null: nothing. The name itself is shown escaped and shortened. */
    public static @Nullable String problemWith(String name) {
        if (name.isEmpty()) {
            return "the name is empty (expected: 1 to 128 of the characters A-Z a-z 0-9 . _ -)";
        }
        if (name.length() > MAX_LENGTH) {
            return "the name " + shown(name) + " has " + name.length() + " characters (expected: at most 128)";
        }
        for (int i = 0; i < name.length(); i++) {
            if (!isAllowed(name.charAt(i))) {
                return "the name " + shown(name) + " has a character at position " + (i + 1)
                        + " that is not allowed (expected: A-Z a-z 0-9 . _ -)";
            }
        }
        if (name.equals(".") || name.equals("..")) {
            return "the name " + name + " is not allowed (expected: more than dots)";
        }
        if (name.startsWith("__")) {
            return "the name " + name + " is reserved (expected: a name that does not start with __)";
        }
        return null;
    }

    private static boolean isAllowed(char c) {
        boolean letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        return letter || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    }

    /** Text of a user's as it may stand in a message or a log line: printable ASCII, quoted, at most 40 characters. */
    public static String shown(String text) {
        StringBuilder shown = new StringBuilder("'");
        for (int i = 0; i < text.length(); i++) {
            if (i == 40) {
                shown.append('…');
                break;
            }
            char c = text.charAt(i);
            if (c >= ' ' && c < 127 && c != '\'' && c != '\\') {
                shown.append(c);
            } else {
                shown.append(String.format("\\u%04x", (int) c));
            }
        }
        return shown.append('\'').toString();
    }
}
