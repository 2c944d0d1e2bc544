package io.headwater.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the compiler does not hold: sizes, names, a door sign on every room. Reads the sources. */
class ConventionsTest {
    private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
    private static final int MAX_MAIN_LINES = 500;
    private static final int MAX_TEST_LINES = 800;
    private static final Pattern VAGUE =
            Pattern.compile(".*(Util|Utils|Helper|Helpers|Manager|Impl|Common|Misc)|Abstract.*");
    private static final Pattern STARTING_POINT = Pattern.compile("(?i)\\bstart\\b|\\{@(link|code)\\s");
    private static final Pattern SKIPPED = Pattern.compile(
            "@Disabled|@EnabledIf|@DisabledIf|@EnabledOn|@DisabledOn|assume(True|False|That)\\(|Thread\\.sleep\\(");

    private static List<Path> sources(String kind) throws IOException {
        List<Path> sources = new ArrayList<>();
        try (Stream<Path> modules = Files.list(ROOT)) {
            for (Path module : modules.filter(path -> Files.exists(path.resolve("pom.xml")))
                    .toList()) {
                Path directory = module.resolve("src").resolve(kind).resolve("java");
                if (Files.isDirectory(directory)) {
                    try (Stream<Path> files = Files.walk(directory)) {
                        files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
                    }
                }
            }
        }
        assertTrue(sources.size() > 5, "too few sources under " + ROOT);
        return sources;
    }

    private static void none(List<String> found) {
        assertEquals(List.of(), found);
    }

    @Test
    void filesAreShortEnoughToRead() throws IOException {
        List<String> found = new ArrayList<>();
        for (String kind : List.of("main", "test")) {
            int most = kind.equals("main") ? MAX_MAIN_LINES : MAX_TEST_LINES;
            for (Path source : sources(kind)) {
                long lines = Files.readString(source).lines().count();
                if (lines > most) {
                    found.add(ROOT.relativize(source) + ": " + lines + " lines (expected: at most " + most + ")");
                }
            }
        }
        none(found);
    }

    @Test
    void everyRoomHasASignAtItsDoor() throws IOException {
        TreeSet<Path> rooms = new TreeSet<>();
        for (Path source : sources("main")) {
            rooms.add(source.getParent());
        }
        List<String> found = new ArrayList<>();
        for (Path room : rooms) {
            Path sign = room.resolve("package-info.java");
            String text = Files.exists(sign) ? Files.readString(sign) : "";
            if (!text.contains("@NullMarked")
                    || !text.contains("/**")
                    || !STARTING_POINT.matcher(text).find()) {
                found.add(ROOT.relativize(room)
                        + " (expected: a package-info.java with @NullMarked that says where to start reading)");
            }
        }
        none(found);
    }

    @Test
    void namesSayWhatAThingIs() throws IOException {
        none(sources("main").stream()
                .map(source -> source.getFileName().toString().replace(".java", ""))
                .filter(name -> VAGUE.matcher(name).matches())
                .toList());
    }

    @Test
    void noTestIsSkippedAndNoneSleeps() throws IOException {
        List<String> found = new ArrayList<>();
        for (Path source : sources("test")) {
            if (!source.endsWith(Path.of("architecture", "ConventionsTest.java"))
                    && SKIPPED.matcher(Files.readString(source)).find()) {
                found.add(ROOT.relativize(source).toString());
            }
        }
        none(found);
    }

    @Test
    void everyTestThatThePromisesNameExists() throws IOException {
        Map<String, String> tests = new HashMap<>();
        for (Path source : sources("test")) {
            tests.merge(source.getFileName().toString().replace(".java", ""), Files.readString(source), String::concat);
        }
        List<String> missing = new ArrayList<>();
        String last = "";
        int named = 0;
        var names = Pattern.compile("`([A-Z][A-Za-z]*Test)?(?:\\.([a-z][A-Za-z0-9]*))?`")
                .matcher(Files.readString(ROOT.resolve("docs/guarantees.md"))
                        + Files.readString(ROOT.resolve("docs/replication.md")));
        while (names.find()) {
            last = names.group(1) == null ? last : names.group(1);
            String method = names.group(2);
            named++;
            if (!tests.getOrDefault(last, "").contains(method == null ? "class " + last : "void " + method + "()")) {
                missing.add(names.group());
            }
        }
        none(missing);
        assertTrue(named > 40, named + " tests are named");
    }

    @Test
    void testsOpenWhatTheLauncherOpens() throws IOException {
        assertEquals(opens(ROOT.resolve("scripts/headwater")), opens(ROOT.resolve("pom.xml")));
        assertTrue(opens(ROOT.resolve("pom.xml")).size() > 2);
    }

    private static Set<String> opens(Path file) throws IOException {
        Set<String> opens = new TreeSet<>();
        Pattern.compile("--add-(opens|exports)=java\\.base/[a-z.]+=ALL-UNNAMED")
                .matcher(Files.readString(file))
                .results()
                .forEach(match -> opens.add(match.group()));
        return opens;
    }
}
