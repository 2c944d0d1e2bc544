package io.headwater.broker.control;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Asks many partitions with only a few questions under way at a time, so that ten thousand partitions do not fill their
 * owners' mailboxes. Answers keep the order of the questions. On the control thread.
 */
final class FanOut<T, R> {
    private static final int WINDOW = 64;

    private final Queue<Question<T>> waiting = new ArrayDeque<>();
    private final Function<T, CompletionStage<R>> ask;
    private final List<@Nullable Answer<R>> answers;
    private final CompletableFuture<List<Answer<R>>> done = new CompletableFuture<>();
    private int open;
    private boolean asking;

    private record Question<T>(int slot, T about) {}

    /** What came back: a value, or why not. */
    record Answer<R>(@Nullable R value, @Nullable Throwable failure) {}

    private FanOut(Collection<T> subjects, Function<T, CompletionStage<R>> ask) {
        this.ask = ask;
        this.answers = new ArrayList<>(subjects.size());
        for (T subject : subjects) {
            waiting.add(new Question<>(answers.size(), subject));
            answers.add(null);
        }
    }

    /** Never fails itself: each answer says whether it is one. */
    static <T, R> CompletionStage<List<Answer<R>>> gather(Collection<T> subjects, Function<T, CompletionStage<R>> ask) {
        FanOut<T, R> run = new FanOut<>(subjects, ask);
        run.askMore();
        return run.done.minimalCompletionStage();
    }

    /** As {@link #gather}, but fails with the first failure. */
    static <T, R> CompletionStage<List<R>> all(Collection<T> subjects, Function<T, CompletionStage<R>> ask) {
        return gather(subjects, ask).thenCompose(answers -> {
            List<R> values = new ArrayList<>(answers.size());
            for (Answer<R> answer : answers) {
                if (answer.failure() != null) {
                    return CompletableFuture.failedStage(answer.failure());
                }
                R value = answer.value();
                if (value != null) {
                    values.add(value);
                }
            }
            return CompletableFuture.completedStage(values);
        });
    }

    private void askMore() {
        if (asking) {
            // An answer that came at once: the loop below goes on.
            return;
        }
        asking = true;
        while (open < WINDOW && !waiting.isEmpty()) {
            Question<T> question = waiting.remove();
            open++;
            ask.apply(question.about()).whenComplete((value, failure) -> {
                open--;
                answers.set(question.slot(), new Answer<>(value, failure));
                askMore();
            });
        }
        asking = false;
        if (open == 0 && waiting.isEmpty()) {
            List<Answer<R>> whole = new ArrayList<>(answers.size());
            for (Answer<R> answer : answers) {
                if (answer != null) {
                    whole.add(answer);
                }
            }
            done.complete(whole);
        }
    }
}
