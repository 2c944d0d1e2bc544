package io.headwater.cli.queue;

import io.headwater.cli.shell.CommandFailure;
import io.headwater.cli.text.PositionText;
import io.headwater.cli.text.RecordPlace;
import io.headwater.client.Position;
import io.headwater.client.Position.Kind;
import io.headwater.client.QueueAdmin.Range;
import io.headwater.client.QueueFilter;
import io.headwater.client.QueueFilter.Times;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Which records an operation is about; what is not said does not count. */
final class FilterOptions {
    @Option(names = "--partition", paramLabel = "P", description = "Only records of this partition (default: all).")
    private @Nullable Integer partition;

    @Option(
            names = "--from",
            paramLabel = "PLACE",
            converter = PlaceConverter.class,
            description = "Only from there on: beginning, an offset of the partition, event:TIME or ingested:TIME.")
    private @Nullable Position from;

    @Option(
            names = "--to",
            paramLabel = "PLACE",
            converter = PlaceConverter.class,
            description = "Only before that: an offset of the partition, event:TIME or ingested:TIME.")
    private @Nullable Position to;

    @Option(
            names = "--record",
            paramLabel = "P:OFFSET",
            converter = RecordPlace.Converter.class,
            description = "Only this record.")
    private @Nullable RecordPlace record;

    @Option(names = "--key", paramLabel = "K", description = "Only records with this key.")
    private @Nullable String key;

    @Option(
            names = "--header",
            paramLabel = "N=V",
            description = "Only records with this header and value. Repeatable: with all of them.")
    private List<String> headers = new ArrayList<>();

    @Option(
            names = "--cause",
            paramLabel = "CAUSE",
            split = ",",
            description = "Only records whose last attempt ended so: ${COMPLETION-CANDIDATES}.")
    private Set<Cause> causes = new LinkedHashSet<>();

    void requireBeginning() {
        if (from == null && record == null) {
            throw CommandFailure.usage(
                    "--from or --record is needed: from where on (beginning, an offset of --partition, "
                            + "event:TIME or ingested:TIME), or which record");
        }
    }

    /** Refuses what cannot be meant. */
    QueueFilter filter(Instant now) {
        if (to != null && to.kind() == Kind.BEGINNING) {
            throw CommandFailure.usage("--to beginning: nothing lies before that");
        }
        if (from != null && from.kind() == Kind.INGESTION_TIME && from.value() > now.toEpochMilli()) {
            throw CommandFailure.usage("--from ingested:" + Instant.ofEpochMilli(from.value())
                    + " lies in the future: nothing was taken in then yet");
        }
        if (from != null && to != null && from.kind() == to.kind() && to.value() < from.value()) {
            throw CommandFailure.usage(
                    "--from " + text(from) + " --to " + text(to) + " (expected: --to not before --from)");
        }
        QueueFilter filter = QueueFilter.in(range())
                .withEvent(times(Kind.EVENT_TIME))
                .withIngestion(times(Kind.INGESTION_TIME))
                .withCauses(causes.stream().map(Cause::wire).collect(Collectors.toSet()));
        if (key != null) {
            filter = filter.withKey(key.getBytes(StandardCharsets.UTF_8));
        }
        for (String header : headers) {
            int equals = header.indexOf('=');
            if (equals < 1) {
                throw CommandFailure.usage("--header: " + header + " (expected: NAME=VALUE)");
            }
            filter = filter.withHeader(
                    header.substring(0, equals), header.substring(equals + 1).getBytes(StandardCharsets.UTF_8));
        }
        return filter;
    }

    private static String text(Position place) {
        return place.kind() == Kind.OFFSET
                ? Long.toString(place.value())
                : Instant.ofEpochMilli(place.value()).toString();
    }

    private Times times(Kind kind) {
        return new Times(time(from, kind), time(to, kind));
    }

    private static @Nullable Instant time(@Nullable Position place, Kind kind) {
        return place == null || place.kind() != kind ? null : Instant.ofEpochMilli(place.value());
    }

    private Range range() {
        if (record != null) {
            if (partition != null || from != null || to != null) {
                throw CommandFailure.usage("--record is one record: --partition, --from and --to do not go with it");
            }
            return Range.record(record.partition(), record.offset());
        }
        boolean byOffset = (from != null && from.kind() == Kind.OFFSET) || (to != null && to.kind() == Kind.OFFSET);
        if (partition == null) {
            if (byOffset) {
                throw CommandFailure.usage("--from and --to need --partition for offsets: each partition has its own");
            }
            return Range.all();
        }
        if (partition < 0) {
            throw CommandFailure.usage("--partition " + partition + " (expected: 0 or more)");
        }
        return new Range(
                partition,
                from != null && from.kind() == Kind.OFFSET ? from.value() : 0,
                to != null && to.kind() == Kind.OFFSET ? to.value() : -1);
    }

    /** As people write it. */
    enum Cause {
        failed,
        rejected,
        lease_expired,
        consumer_lost,
        too_old,
        released,
        consumer_closed;

        private String wire() {
            return name().toUpperCase(Locale.ROOT);
        }
    }

    /** An offset by itself, or a position. */
    static final class PlaceConverter implements ITypeConverter<Position> {
        private static final Pattern OFFSET = Pattern.compile("\\d{1,18}");
        private static final String EXPECTED = " (expected: an offset from 0 on, event:TIME or ingested:TIME)";

        @Override
        public Position convert(String text) {
            if (OFFSET.matcher(text).matches()) {
                return Position.offset(Long.parseLong(text));
            }
            Position place;
            try {
                place = PositionText.parse(text);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(text.contains(":") ? e.getMessage() : text + EXPECTED);
            }
            if (place.kind() == Kind.END) {
                throw new TypeConversionException(text + EXPECTED);
            }
            return place;
        }
    }
}
