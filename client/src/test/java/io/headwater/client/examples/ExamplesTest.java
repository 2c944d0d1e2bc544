package io.headwater.client.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.headwater.client.HeadwaterClient;
import io.headwater.client.Producer;
import io.headwater.client.ProducerRecord;
import io.headwater.client.fake.FakeBroker;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ExamplesTest {
    private static final Path SOURCES = Path.of("src/test/java/io/headwater/client/examples");
    private static final Path MAIN = Path.of("src/main/java/io/headwater/client");
    private static final Path PAGE = Path.of("..", "docs", "client.md");

    @Test
    void allOfThemRun() {
        try (FakeBroker broker = new FakeBroker()) {
            AdminExample.run(broker.server());
            AdminExample.run(broker.server());
            ProduceExample.run(broker.server());
            assertEquals(10, ConsumeExample.run(broker.server()));
            assertEquals(10, new GroupExample().run(broker.server()));
            try (HeadwaterClient client =
                            HeadwaterClient.builder().server(broker.server()).build();
                    Producer producer = client.producer().build()) {
                for (String time : List.of("2026-01-15T12:00:00Z", "2026-01-16T00:00:00Z", "2026-01-15T00:00:00Z")) {
                    producer.send(ProducerRecord.ofUtf8("orders", "k", time)
                                    .withEventTimeMs(Instant.parse(time).toEpochMilli()))
                            .join();
                }
            }
            assertEquals(2, ReplayExample.run(broker.server()).size());
            QueueAdminExample.run(broker.server());
            QueueAdminExample.run(broker.server());
            assertTrue(QueueReceiveExample.run(broker.server()) > 0);
            ProduceExample.run(broker.server());
            assertTrue(new QueueHandlerExample().run(broker.server()) >= 10);
            QueueProduceExample.run(broker.server());
        }
    }

    private static List<String> trimmed(String text) {
        return text.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
    }

    private static List<List<String>> examples() throws IOException {
        List<List<String>> examples = new ArrayList<>();
        try (Stream<Path> files = Files.list(SOURCES)) {
            for (Path file :
                    files.filter(f -> f.toString().endsWith("Example.java")).toList()) {
                String source = Files.readString(file);
                examples.add(trimmed(source.substring(source.indexOf("// example") + 10, source.indexOf("// end"))));
            }
        }
        return examples;
    }

    private static void checkQuotes(String where, Pattern quote, String text, int expected) throws IOException {
        Matcher matcher = quote.matcher(text);
        int found = 0;
        while (matcher.find()) {
            List<String> quoted = trimmed(matcher.group(1).replaceAll("(?m)^\\s*\\* ?", ""));
            assertTrue(
                    examples().contains(quoted), where + " quotes what no example says: " + String.join("\n", quoted));
            found++;
        }
        assertEquals(expected, found, where);
    }

    @Test
    void thePageQuotesThemAsTheyAre() throws IOException {
        checkQuotes("docs/client.md", Pattern.compile("```java\n(.*?)```", Pattern.DOTALL), Files.readString(PAGE), 9);
    }

    @Test
    void javadocQuotesThemAsTheyAre() throws IOException {
        Pattern quote = Pattern.compile("<pre>\\{@code\n(.*?)\n\\s*\\* }</pre>", Pattern.DOTALL);
        checkQuotes("Producer", quote, Files.readString(MAIN.resolve("Producer.java")), 1);
        checkQuotes("StreamConsumer", quote, Files.readString(MAIN.resolve("StreamConsumer.java")), 3);
        checkQuotes("QueueConsumer", quote, Files.readString(MAIN.resolve("QueueConsumer.java")), 2);
        checkQuotes("Admin", quote, Files.readString(MAIN.resolve("Admin.java")), 1);
    }

    /** A library must not ask its users for flags: no {@code --add-opens}, and nothing that needs them. */
    @Test
    void runsOnABareJvm() throws Exception {
        List<String> needFlags = List.of("agrona", "chronicle", "rocksdb");
        String classpath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .collect(Collectors.joining(File.pathSeparator));
        needFlags.forEach(name -> assertFalse(classpath.contains(name), "on the client's class path: " + name));
        try (FakeBroker broker = new FakeBroker()) {
            broker.createTopic("orders", 1);
            Process bare = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-Xmx128m",
                            "-cp",
                            classpath,
                            ProduceExample.class.getName(),
                            broker.server())
                    .redirectErrorStream(true)
                    .start();
            String output = new String(bare.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertTrue(bare.waitFor(30, TimeUnit.SECONDS));
            assertEquals(0, bare.exitValue(), output);
            assertEquals(
                    10,
                    output.lines().filter(line -> line.startsWith("stored in")).count(),
                    output);
            assertFalse(output.contains("WARN"), output);
        }
    }
}
