package io.headwater.cli.produce;

import io.headwater.client.HeadwaterException;
import io.headwater.client.Producer;
import io.headwater.client.Producer.Acknowledgement;
import io.headwater.client.ProducerRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reads and sends, on a thread of its own, so that the command's thread can report acknowledgements while a slow input
 * is waited for. At most {@value #MAX_CHUNKS} × {@value #CHUNK_RECORDS} records wait for their acknowledgement; then
 * reading pauses.
 */
final class LineSender implements Runnable {
    private static final int CHUNK_RECORDS = 1024;
    private static final int MAX_CHUNKS = 64;

    private final LineReader lines;
    private final LineToRecord toRecord;
    private final Producer producer;
    private final BlockingQueue<Sent> sent = new ArrayBlockingQueue<>(MAX_CHUNKS);
    private List<CompletableFuture<Acknowledgement>> chunk = new ArrayList<>(CHUNK_RECORDS);
    private long chunkFirstLine = 1;
    private long chunkBytes;
    private volatile boolean stopped;
    /** No record will be sent before {@link #stopped} has been looked at again. */
    private volatile boolean waiting;

    /** Borrows the producer. */
    LineSender(LineReader lines, LineToRecord toRecord, Producer producer) {
        this.lines = lines;
        this.toRecord = toRecord;
        this.producer = producer;
    }

    @Override
    public void run() {
        @Nullable String problem = null;
        try {
            sendAll();
        } catch (BadLineException e) {
            problem = "line " + lines.lineNumber() + " " + e.getMessage();
        } catch (IOException e) {
            problem = "input after line " + lines.lineNumber() + " cannot be read: " + e.getMessage();
        } catch (HeadwaterException e) {
            problem = "line " + lines.lineNumber() + ": " + e.getMessage();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return;
        }
        try {
            handOver(true, problem);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Sends nothing more. What was sent already is still handed over. */
    void stop() {
        stopped = true;
    }

    /**
     * The next records that were sent; null when there are none within a moment.
     *
     * @param beforeWaiting runs where there are none at once
     */
    @Nullable
    Sent poll(Runnable beforeWaiting) throws InterruptedException {
        Sent next = sent.poll();
        if (next == null) {
            beforeWaiting.run();
            next = sent.poll(100, TimeUnit.MILLISECONDS);
        }
        return next;
    }

    /** Stopped, and nothing more will come. */
    boolean isQuiet() {
        return stopped && waiting && sent.isEmpty();
    }

    private void sendAll() throws IOException, BadLineException, InterruptedException {
        while (true) {
            if (!lines.hasLine()) {
                handOver(false, null);
                waiting = true;
            }
            byte[] line = lines.next();
            waiting = false;
            if (line == null || stopped) {
                return;
            }
            ProducerRecord record = toRecord.record(line);
            chunk.add(producer.send(record));
            chunkBytes += line.length;
            if (chunk.size() == CHUNK_RECORDS) {
                handOver(false, null);
            }
        }
    }

    private void handOver(boolean isLast, @Nullable String problem) throws InterruptedException {
        if (chunk.isEmpty() && !isLast) {
            return;
        }
        sent.put(new Sent(chunkFirstLine, chunk, chunkBytes, isLast, problem));
        chunkFirstLine += chunk.size();
        chunkBytes = 0;
        chunk = new ArrayList<>(CHUNK_RECORDS);
    }
}
