package io.headwater.broker.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlParseResult;

/**
 * Reads a configuration: a TOML file, then the environment, then flags; the later wins. What it does not know, it
 * refuses, and says what was probably meant.
 */
public final class ConfigLoader {
    private static final String PREFIX = "HEADWATER_";
    /** Settings that have an option of their own, and what it is called. */
    private static final Map<String, String> OWN_OPTIONS = Map.ofEntries(
            Map.entry(Knob.DATA.key, "--data"),
            Map.entry(Knob.LISTEN.key, "--listen"),
            Map.entry(Knob.ADVERTISE.key, "--advertise"),
            Map.entry(Knob.ADMIN.key, "--admin"),
            Map.entry(Knob.INSECURE.key, "--insecure"),
            Map.entry(Knob.PEER_LISTEN.key, "--peer-listen"),
            Map.entry(Knob.PEER_ADVERTISE.key, "--peer-advertise"),
            Map.entry(Knob.PEER_JOIN.key, "--join"),
            Map.entry(Knob.PEER_RACK.key, "--rack"),
            Map.entry(Knob.PEER_CERT.key, "--peer-cert"),
            Map.entry(Knob.PEER_KEY.key, "--peer-key"),
            Map.entry(Knob.PEER_CA.key, "--peer-ca"));

    private final Map<Knob, Setting> settings = new EnumMap<>(Knob.class);

    private ConfigLoader() {}

    /**
     * @param file null: none
     * @param environment of the process; only variables that start with {@code HEADWATER_} are looked at
     * @param flags by the same keys as in the file: {@code data}, {@code listen}, {@code storage.segment-bytes}, …
     * @throws ConfigException naming the source, the setting, its value and what was expected
     */
    public static BrokerConfig load(@Nullable Path file, Map<String, String> environment, Map<String, String> flags) {
        ConfigLoader loader = new ConfigLoader();
        if (file != null) {
            loader.readFile(file);
        }
        loader.readEnvironment(environment);
        new TreeMap<>(flags).forEach((key, value) -> loader.set(key, flag(key), value));
        return new ConfigTree(loader.settings, Runtime.getRuntime().availableProcessors()).build();
    }

    /** What was typed. */
    private static String flag(String key) {
        return OWN_OPTIONS.getOrDefault(key, "--set " + key);
    }

    /** A value as text, and where it was said. */
    record Setting(String source, String text) {}

    private void readFile(Path file) {
        TomlParseResult toml;
        try {
            toml = Toml.parse(Files.readString(file));
        } catch (NoSuchFileException e) {
            throw new ConfigException(file + ": no such file (expected: a TOML configuration file)");
        } catch (IOException e) {
            throw new ConfigException(file + ": cannot be read: " + e);
        }
        if (toml.hasErrors()) {
            var first = toml.errors().get(0);
            throw new ConfigException(
                    file + ", line " + first.position().line() + ": " + first.getMessage() + " (expected: TOML)");
        }
        toml.dottedEntrySet().stream()
                .sorted(Map.Entry.comparingByKey())
                .forEach(entry -> set(entry.getKey(), file.toString(), String.valueOf(entry.getValue())));
    }

    private void set(String key, String source, String text) {
        for (Knob knob : Knob.values()) {
            if (knob.key.equals(key)) {
                settings.put(knob, new Setting(source, text));
                return;
            }
        }
        throw new ConfigException(source + ": unknown setting " + key + suggestion(key));
    }

    /**
     * A container platform may set variables with our prefix that mean nothing to us, and clients have their own: only
     * one that looks like a misspelt setting is refused.
     */
    private void readEnvironment(Map<String, String> environment) {
        Map<String, Knob> byVariable = new TreeMap<>();
        for (Knob knob : Knob.values()) {
            byVariable.put(knob.variable(), knob);
        }
        new TreeMap<>(environment).forEach((name, value) -> {
            Knob knob = byVariable.get(name);
            if (knob != null) {
                settings.put(knob, new Setting("environment variable " + name, value));
            } else if (name.startsWith(PREFIX)) {
                for (String known : byVariable.keySet()) {
                    if (distance(name, known) <= 2) {
                        throw new ConfigException(
                                "environment variable " + name + ": unknown setting; did you mean " + known + "?");
                    }
                }
            }
        });
    }

    private static String suggestion(String key) {
        String tail = key.substring(key.lastIndexOf('.') + 1);
        return Arrays.stream(Knob.values())
                .map(knob -> knob.key)
                .min(Comparator.comparingInt((String known) ->
                                known.endsWith("." + tail) || known.equals(tail) ? 0 : distance(key, known))
                        .thenComparing(known -> known))
                .filter(known -> known.endsWith("." + tail) || known.equals(tail) || distance(key, known) <= 4)
                .map(known -> "; did you mean " + known + "?")
                .orElse("; docs/configuration.md lists all settings");
    }

    /** How many letters must be added, dropped or changed to make one of the other. */
    static int distance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int change = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(change, Math.min(previous[j], current[j - 1]) + 1);
            }
            previous = current;
        }
        return previous[b.length()];
    }
}
