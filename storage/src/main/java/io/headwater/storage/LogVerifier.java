package io.headwater.storage;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads a whole data directory that no broker works on, and says all that is wrong with it: every checksum, every
 * footer, every index, and whether the logs reach as far as the marks say. Changes nothing.
 */
public final class LogVerifier {
    /** What a finding means for the user's data. */
    public enum Severity {
        /** Bytes that were durable are damaged or missing: the broker will refuse the partition. */
        DAMAGE,
        /** The bytes are what was written, and contradict each other: counts as damage, though the broker does not see it. */
        DIVERGENCE,
        /** Something derived is missing or bad: the broker rebuilds it. */
        REBUILDABLE,
        /** What a crash leaves behind: the broker cuts it off at the next start; nothing of it was known durable. */
        TAIL
    }

    /** One thing that is wrong, and where. */
    public record Finding(Severity severity, Path file, long position, String what) {}

    /** How much was read. */
    public record Totals(int partitions, int segments, long entries, long records, long bytes, int damages) {
        public boolean intact() {
            return damages == 0;
        }
    }

    /**
     * A journal in the directory whose records mean nothing to storage.
     *
     * @param records sees every record, oldest first
     * @param complaint asked after the last record: what is wrong with their meaning; empty: nothing
     */
    public record OtherJournal(String fileName, int tag, Consumer<byte[]> records, Supplier<String> complaint) {}

    private final Disk disk;
    private final Path directory;
    private final EntryAudit audit;
    private final Consumer<Finding> findings;
    private final EntryScanner scanner = new EntryScanner();
    private Long2ObjectHashMap<Mark> marks = new Long2ObjectHashMap<>();
    private int partitions;
    private int segments;
    private long entries;
    private long records;
    private long bytes;
    private int damages;

    private LogVerifier(Disk disk, Path directory, EntryAudit audit, Consumer<Finding> findings) {
        this.disk = disk;
        this.directory = directory;
        this.audit = audit;
        this.findings = findings;
    }

    /** Verifies logs and marks only. */
    static Totals verify(Disk disk, Path directory, Consumer<Finding> findings) throws IOException {
        return verify(disk, directory, List.of(), EntryAudit.NONE, findings);
    }

    /**
     * Verifies; findings are reported as they are made.
     *
     * @param journals what else must be there as soon as there are partitions
     * @param audit of what the entries mean
     * @throws DirectoryLockedException if a broker works on the directory
     * @throws IOException if something cannot be read at all
     */
    public static Totals verify(
            Disk disk, Path directory, List<OtherJournal> journals, EntryAudit audit, Consumer<Finding> findings)
            throws IOException {
        if (!disk.exists(directory.resolve(Marks.FILE_NAME))
                && !disk.exists(directory.resolve(DataDirectory.PARTITIONS))) {
            throw new NoSuchFileException(directory.toString(), null, "not a data directory");
        }
        DirectoryLock lock = DirectoryLock.acquire(disk, directory);
        try {
            return new LogVerifier(disk, directory, audit, findings).run(journals);
        } finally {
            lock.close();
        }
    }

    private Totals run(List<OtherJournal> journals) throws IOException {
        readMarks();
        for (OtherJournal journal : journals) {
            verifyJournal(journal);
        }
        Path parent = directory.resolve(DataDirectory.PARTITIONS);
        if (disk.exists(parent)) {
            for (String name : disk.list(parent)) {
                verifyPartition(parent.resolve(name), name);
            }
        }
        for (Mark missing : marks.values()) {
            if (missing.durable.endIndex > 0 && !missing.has(ReplicaFlag.DELETED)) {
                damage(parent.resolve(Long.toString(missing.partitionId)), 0, "the directory is missing");
            }
        }
        return new Totals(partitions, segments, entries, records, bytes, damages);
    }

    private void readMarks() throws IOException {
        Path path = directory.resolve(Marks.FILE_NAME);
        MarksLoader loader = new MarksLoader();
        try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
            new JournalScan(file, path).run(MarksLayout.TAG, loader);
            marks = loader.marks();
        } catch (NoSuchFileException missing) {
            damage(path, 0, "missing; without it the logs cannot be trusted");
        } catch (CorruptJournalException | IllegalArgumentException e) {
            damage(path, 0, String.valueOf(e.getMessage()));
        }
    }

    private void verifyJournal(OtherJournal journal) throws IOException {
        Path path = directory.resolve(journal.fileName());
        long[] count = new long[1];
        try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
            bytes += file.size();
            JournalScan scan = new JournalScan(file, path);
            scan.run(journal.tag(), payload -> {
                count[0]++;
                journal.records().accept(payload);
            });
            if (scan.torn()) {
                findings.accept(
                        new Finding(Severity.TAIL, path, scan.end(), "bytes that are no record behind the end"));
            }
        } catch (NoSuchFileException missing) {
            if (!marks.isEmpty()) {
                damage(path, 0, "missing, although there are partitions");
            }
            return;
        } catch (CorruptJournalException e) {
            damage(path, e.position(), e.what());
            return;
        }
        // A directory that was made and never used may have no record yet.
        String complaint =
                count[0] == 0 && marks.isEmpty() ? "" : journal.complaint().get();
        if (!complaint.isEmpty()) {
            damage(path, 0, complaint);
        }
    }

    private void verifyPartition(Path path, String name) throws IOException {
        partitions++;
        long id;
        try {
            id = Long.parseLong(name);
        } catch (NumberFormatException e) {
            damage(path, 0, "not the name of a partition");
            return;
        }
        Mark mark = marks.remove(id);
        boolean known = mark != null;
        if (mark == null) {
            damage(path, 0, "the marks know nothing of this partition");
            mark = new Mark();
        }
        if (mark.has(ReplicaFlag.DELETED)) {
            findings.accept(new Finding(Severity.TAIL, path, 0, "deleted; what is left of it goes at the next start"));
            return;
        }
        List<Long> bases = new ArrayList<>();
        for (String file : disk.list(path)) {
            if (LogContext.isBeginning(file) && isToBeginAt(path.resolve(file), id)) {
                return;
            }
            long base = LogContext.baseIndexOf(file);
            if (base >= 0) {
                bases.add(base);
            } else if (LogContext.isReplacement(file)) {
                findings.accept(new Finding(
                        Severity.TAIL,
                        path.resolve(file),
                        0,
                        "made by a rewriting or a truncation that did not come to its end"));
            }
        }
        boolean someMustBeThere = known && (mark.durable.position > 0 || !bases.isEmpty());
        if (someMustBeThere && !bases.contains(mark.durable.segmentBaseIndex)) {
            damage(path, 0, "the segment of entry " + mark.durable.segmentBaseIndex + " is missing");
        }
        if (someMustBeThere && mark.startIndex != Mark.UNKNOWN && !bases.isEmpty() && bases.get(0) > mark.startIndex) {
            damage(path, 0, "the segment of entry " + mark.startIndex + ", the oldest, is missing");
        }
        SegmentSummary last = null;
        for (long base : bases) {
            last = verifySegment(path, id, base, last, mark.durable);
        }
    }

    /** Whether the next start lets the log begin there, and removes all else that is in its directory. */
    private boolean isToBeginAt(Path path, long id) throws IOException {
        SegmentHeader header = LogBeginning.read(disk, path, id);
        String what = header == null
                ? "made by a new beginning of the log that did not come about"
                : "the log begins anew at entry " + header.baseIndex() + "; what is in its other files goes";
        findings.accept(new Finding(Severity.TAIL, path, 0, what));
        return header != null;
    }

    private @Nullable SegmentSummary verifySegment(
            Path parent, long id, long base, @Nullable SegmentSummary before, SyncPoint durable) throws IOException {
        Path path = LogContext.logPath(parent, base);
        Path indexPath = LogContext.indexPath(parent, base);
        segments++;
        try (DiskFile file = disk.open(path, Disk.Mode.READ)) {
            bytes += file.size();
            SegmentHeader header = LogDumper.readHeader(file);
            if (header == null || header.partitionId() != id || header.baseIndex() != base) {
                report(durable, base, path, 0, "no header of this segment");
                return null;
            }
            if (before != null
                    && (before.endIndex != base || before.endOffset != header.baseOffset() || !before.rolled())) {
                report(
                        durable,
                        base,
                        path,
                        0,
                        "does not follow the segment before it, which ends at entry " + before.endIndex + ", offset "
                                + before.endOffset);
            }
            IndexCheck index = new IndexCheck(IndexFile.load(disk, indexPath, id, base, 1));
            SegmentSummary found = scan(file, path, header, durable, index);
            verifyEnd(file, path, found, durable);
            String wrong = index.finish(found);
            if (wrong != null) {
                findings.accept(new Finding(Severity.REBUILDABLE, indexPath, 0, wrong));
            }
            return found;
        }
    }

    private SegmentSummary scan(DiskFile file, Path path, SegmentHeader header, SyncPoint durable, IndexCheck index)
            throws IOException {
        SegmentSummary found = SegmentSummary.of(header);
        scanner.start(
                file::read,
                EntryScanner.Depth.HEADS,
                SegmentHeader.SIZE,
                file.size(),
                header.baseIndex(),
                header.baseOffset());
        while (!found.rolled() && scanner.next()) {
            if (!scanner.payloadMatches()) {
                report(
                        durable,
                        header.baseIndex(),
                        path,
                        scanner.position(),
                        "the checksum of a payload does not match");
            } else {
                audit(path, header.partitionId());
            }
            index.entry(scanner.envelope(), scanner.position());
            found.add(scanner.envelope(), scanner.records());
            entries++;
            records += scanner.records();
            index.covered(found);
        }
        String problem = scanner.problem();
        if (!found.rolled() && problem != null) {
            report(durable, header.baseIndex(), path, found.endPosition, problem);
        }
        return found;
    }

    private void audit(Path path, long partitionId) throws IOException {
        String complaint = audit.next(partitionId, scanner.envelope(), scanner::payload);
        if (complaint != null) {
            damages++;
            findings.accept(new Finding(Severity.DIVERGENCE, path, scanner.position(), complaint));
        }
    }

    /** The footer, what stands behind the end, and whether the log reaches its mark. */
    private void verifyEnd(DiskFile file, Path path, SegmentSummary found, SyncPoint durable) throws IOException {
        boolean belowMark = found.baseIndex < durable.segmentBaseIndex;
        boolean marked = found.baseIndex == durable.segmentBaseIndex && durable.position > 0;
        if (belowMark && !found.rolled()) {
            damage(path, found.endPosition, "the segment ends without a ROLL entry");
        }
        if (marked && found.endPosition < durable.position) {
            damage(path, found.endPosition, "the log ends here (expected, by the durable mark: " + durable + ")");
        }
        if (found.rolled()) {
            SegmentSummary footer = LogDumper.readFooter(file, found.endPosition);
            if (footer == null || !footer.sameAs(found)) {
                Severity severity = belowMark ? Severity.REBUILDABLE : Severity.TAIL;
                findings.accept(new Finding(severity, path, found.endPosition, "no footer that fits the entries"));
            }
        } else if (scanner.problem() == null && LogRecovery.holdsBytes(file, found.endPosition, file.size())) {
            report(durable, found.baseIndex, path, found.endPosition, "bytes that are no entry behind the end");
        }
    }

    /** What lies below the durable mark is damage; what lies behind is what a crash leaves. */
    private void report(SyncPoint durable, long base, Path file, long position, String what) {
        boolean below =
                base < durable.segmentBaseIndex || (base == durable.segmentBaseIndex && position < durable.position);
        if (below) {
            damage(file, position, what);
        } else {
            findings.accept(new Finding(Severity.TAIL, file, position, what));
        }
    }

    private void damage(Path file, long position, String what) {
        damages++;
        findings.accept(new Finding(Severity.DAMAGE, file, position, what));
    }
}
