package io.headwater.broker.metadata;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** What two brokers compare to know whether their pictures of the metadata are the same. */
public final class PictureDigest {
    /**
     * Digests of different formats are not compared. To be raised with every change of the bytes that {@link SnapshotWriter}
     * makes of a picture.
     */
    public static final int FORMAT = 1;

    private PictureDigest() {}

    /** The same for equal pictures. Takes as long as a snapshot: not for the thread that decides for the cluster. */
    public static long of(MetadataImage image) {
        try {
            byte[] snapshot = MetadataCodec.snapshot(image).toByteArray();
            return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(snapshot))
                    .getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }
}
