package io.headwater.storage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ViewStoreTest {
    private static final View VIEW = View.GROUP_POSITIONS;

    @TempDir
    Path data;

    private Path directory() {
        return data.resolve("views");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(UTF_8);
    }

    private static List<String> scan(ViewStore store, String prefix) throws IOException {
        List<String> found = new ArrayList<>();
        store.scan(VIEW, bytes(prefix), (key, value) -> found.add(new String(key, UTF_8)));
        return found;
    }

    private void fill(int keys) throws IOException {
        try (ViewStore store = ViewStore.in(directory())) {
            ViewBatch batch = new ViewBatch();
            for (int i = 0; i < keys; i++) {
                batch.put(VIEW, bytes(String.format("%06d", i)), bytes("value of " + i));
            }
            store.apply(batch.stamp(VIEW, 7, 42));
        }
    }

    @Test
    void touchesNothingBeforeItIsUsed() throws IOException {
        ViewStore.in(directory()).close();
        assertFalse(Files.exists(directory()));
    }

    @Test
    void keepsKeysAndStampsAcrossReopening() throws IOException {
        try (ViewStore store = ViewStore.in(directory())) {
            assertEquals(-1, store.stamp(VIEW, 7));
            store.apply(new ViewBatch()
                    .put(VIEW, bytes("a1"), bytes("x"))
                    .put(VIEW, bytes("a2"), bytes("y"))
                    .put(VIEW, bytes("b1"), bytes("z"))
                    .stamp(VIEW, 7, 100)
                    .stamp(VIEW, Long.MAX_VALUE, 0));
            store.apply(new ViewBatch().remove(VIEW, bytes("a1")).stamp(VIEW, 7, 101));
        }
        try (ViewStore store = ViewStore.in(directory())) {
            assertEquals(101, store.stamp(VIEW, 7));
            assertEquals(0, store.stamp(VIEW, Long.MAX_VALUE));
            assertEquals(-1, store.stamp(VIEW, 8));
            assertEquals(0, store.get(VIEW, bytes("a1")).length);
            assertArrayEquals(bytes("y"), store.get(VIEW, bytes("a2")));
            assertEquals(List.of("a2"), scan(store, "a"));
            assertEquals(List.of("a2", "b1"), scan(store, ""));
        }
        try (Stream<Path> left = Files.list(data)) {
            assertEquals(List.of(directory()), left.toList(), "the unpacked library is gone");
        }
    }

    @Test
    void scansLikeASortedMapAndStopsWhenToldTo() throws IOException {
        SplittableRandom random = new SplittableRandom(3);
        TreeMap<String, String> model = new TreeMap<>();
        try (ViewStore store = ViewStore.in(directory())) {
            for (int batches = 0; batches < 20; batches++) {
                ViewBatch batch = new ViewBatch();
                for (int i = 0; i < 100; i++) {
                    String key = Integer.toString(random.nextInt(500), 5);
                    if (random.nextInt(4) == 0) {
                        batch.remove(VIEW, bytes(key));
                        model.remove(key);
                    } else {
                        batch.put(VIEW, bytes(key), bytes("v" + i));
                        model.put(key, "v" + i);
                    }
                }
                store.apply(batch);
            }
            for (String prefix : List.of("", "1", "34", "9")) {
                assertEquals(
                        model.keySet().stream()
                                .filter(key -> key.startsWith(prefix))
                                .toList(),
                        scan(store, prefix));
            }
            List<String> first = new ArrayList<>();
            store.scan(VIEW, bytes(""), (key, value) -> {
                first.add(new String(key, UTF_8));
                return first.size() < 3;
            });
            assertEquals(3, first.size());
        }
    }

    @Test
    void isEmptyAgainAfterItsDirectoryWasDeleted() throws IOException {
        fill(10);
        RocksDbLibrary.deleteTree(directory());
        try (ViewStore store = ViewStore.in(directory())) {
            assertEquals(-1, store.stamp(VIEW, 7));
            assertEquals(List.of(), scan(store, ""));
        }
    }

    @Test
    void setsADamagedStoreAsideAndStartsEmpty() throws IOException {
        for (String victim : List.of("CURRENT", "MANIFEST", ".sst", "IDENTITY")) {
            fill(100);
            try (ViewStore store = ViewStore.in(directory())) {
                store.apply(new ViewBatch().put(VIEW, bytes("x"), bytes("y")));
            }
            fill(100);
            int damaged = 0;
            for (Path file : files(victim)) {
                Files.write(file, new byte[] {1, 2, 3, 4});
                damaged++;
            }
            assertTrue(damaged > 0, "there is a " + victim);
            usedAfterDamage(victim);
        }
    }

    private List<Path> files(String victim) throws IOException {
        try (Stream<Path> files = Files.list(directory())) {
            return files.filter(file -> String.valueOf(file.getFileName()).contains(victim))
                    .toList();
        }
    }

    /** What is read after damage is the truth or nothing; the store can be used, at the latest at the second call. */
    private void usedAfterDamage(String what) throws IOException {
        try (ViewStore store = ViewStore.in(directory())) {
            long stamp;
            try {
                stamp = store.stamp(VIEW, 7);
                scan(store, "");
            } catch (ViewsLostException e) {
                stamp = store.stamp(VIEW, 7);
                assertEquals(-1, stamp, what);
            }
            List<String> found = scan(store, "0");
            assertTrue(stamp == -1 ? found.isEmpty() : found.size() == 100 && stamp == 42, what + ": " + stamp);
            store.apply(new ViewBatch().put(VIEW, bytes("new"), bytes("1")).stamp(VIEW, 8, 5));
            assertEquals(5, store.stamp(VIEW, 8));
        }
    }

    @Test
    void neverServesAFlippedBit() throws IOException {
        fill(100);
        fill(100);
        Path copy = data.resolve("copy");
        copyTree(directory(), copy);
        SplittableRandom random = new SplittableRandom(11);
        List<Path> victims = files("");
        for (int i = 0; i < 60; i++) {
            RocksDbLibrary.deleteTree(directory());
            copyTree(copy, directory());
            Path victim = victims.get(i % victims.size());
            byte[] bytes = Files.readAllBytes(victim);
            if (bytes.length == 0) {
                continue;
            }
            int at = random.nextInt(bytes.length);
            bytes[at] ^= (byte) (1 << random.nextInt(8));
            Files.write(victim, bytes);
            flippedBitIsNotServed(victim, at);
        }
    }

    private void flippedBitIsNotServed(Path victim, int at) throws IOException {
        String where = victim.getFileName() + " byte " + at;
        try (ViewStore store = ViewStore.in(directory())) {
            for (int i = 0; i < 100; i++) {
                try {
                    byte[] value = store.get(VIEW, bytes(String.format("%06d", i)));
                    String text = new String(value, UTF_8);
                    assertTrue(text.isEmpty() || text.equals("value of " + i), where + ": " + text);
                    assertTrue(!text.isEmpty() || store.stamp(VIEW, 7) == -1, where + ": lost, and not reported");
                } catch (ViewsLostException e) {
                    assertEquals(-1, store.stamp(VIEW, 7), where);
                }
            }
        }
    }

    private static void copyTree(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(String.valueOf(file.getFileName())));
            }
        }
    }

    @Test
    void leavesAStoreAloneThatSomeoneElseHasOpen() throws IOException {
        try (ViewStore store = ViewStore.in(directory())) {
            store.apply(new ViewBatch().stamp(VIEW, 7, 42));
            try (ViewStore second = ViewStore.in(directory())) {
                IOException e = assertThrows(IOException.class, () -> second.stamp(VIEW, 7));
                assertFalse(e instanceof ViewsLostException, e.getMessage());
            }
            assertEquals(42, store.stamp(VIEW, 7));
        }
    }

    @Test
    void refusesUseAfterClose() throws IOException {
        ViewStore store = ViewStore.in(directory());
        store.warmUp();
        store.close();
        store.close();
        assertThrows(IOException.class, () -> store.stamp(VIEW, 7));
    }
}
