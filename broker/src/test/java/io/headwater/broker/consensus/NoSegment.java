package io.headwater.broker.consensus;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** While it is there, the log of a voter can begin no segment: where the next ones would be, links lead nowhere. */
public final class NoSegment implements AutoCloseable {
    private static final int ENTRIES = 2_000;

    private final List<Path> links = new ArrayList<>();

    private NoSegment() {}

    /** @param place somewhere above the voter's files */
    public static NoSegment in(Path place) throws IOException {
        NoSegment made = new NoSegment();
        Path open;
        try (Stream<Path> all = Files.walk(place)) {
            open = all.filter(each -> each.getFileName().toString().startsWith("log_inprogress_"))
                    .findAny()
                    .orElseThrow();
        }
        long begins = Long.parseLong(open.getFileName().toString().substring("log_inprogress_".length()));
        for (long index = begins + 1; index < begins + ENTRIES; index++) {
            Path link = open.resolveSibling("log_inprogress_" + index);
            made.links.add(Files.createSymbolicLink(link, Path.of("/nowhere/at/all")));
        }
        return made;
    }

    @Override
    public void close() throws IOException {
        for (Path link : links) {
            Files.delete(link);
        }
    }
}
