package io.headwater.broker.shard;

import io.headwater.broker.partition.RequestFailedException;
import io.headwater.protocol.wire.Error;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** An answer to another room: it is delivered on that room's own executor, never on the owner's thread. */
final class Completion<T extends @Nullable Object> {
    private final CompletableFuture<T> future = new CompletableFuture<>();
    private final Executor asker;

    Completion(Executor asker) {
        this.asker = asker;
    }

    CompletionStage<T> stage() {
        return future;
    }

    void complete(@Nullable T value) {
        asker.execute(() -> future.complete(value));
    }

    void fail(Error error) {
        asker.execute(() -> future.completeExceptionally(new RequestFailedException(error)));
    }
}
