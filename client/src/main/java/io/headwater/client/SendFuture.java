package io.headwater.client;

import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The one object that a record costs on its way out: its promise, chained to the next of the same batch. */
final class SendFuture extends CompletableFuture<Producer.Acknowledgement> {
    @Nullable
    SendFuture next;
}
