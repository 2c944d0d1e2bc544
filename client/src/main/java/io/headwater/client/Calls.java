package io.headwater.client;

import io.headwater.client.link.Loop;
import io.headwater.protocol.wire.Error;
import io.headwater.protocol.wire.ErrorCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Requests that any session may answer that is the right one: sends each where its target is, keeps it while nobody is
 * there, and sends it again as often as that is allowed, until its time is up. On the loop.
 */
final class Calls {
    private static final long PAUSE_NS = 50_000_000;

    private final Cluster cluster;
    private final Loop loop;
    private final Map<Long, Detour> detours = new LinkedHashMap<>();
    private boolean closed;

    Calls(Cluster cluster) {
        this.cluster = cluster;
        this.loop = cluster.loop();
    }

    void ask(Call call) {
        if (closed) {
            call.fail(WireErrors.closed("client"), "the client was closed");
            return;
        }
        Detour detour = detours.get(call.target);
        if (detour != null && !detour.calls.isEmpty()) {
            detour.calls.add(call);
            return;
        }
        Session session = cluster.route(call.target);
        if (session == null) {
            Detour fresh = detour(call.target);
            fresh.calls.add(call);
            retryLater(fresh);
        } else {
            session.send(call);
            session.flush();
        }
    }

    /** What a connection has left unanswered, in this order, before what waits already. */
    void askAgain(List<Call> calls) {
        for (int i = calls.size() - 1; i >= 0; i--) {
            Call call = calls.get(i);
            Detour detour = detour(call.target);
            detour.calls.addFirst(call);
            retryLater(detour);
        }
    }

    private Detour detour(long target) {
        return detours.computeIfAbsent(target, Detour::new);
    }

    private void retryLater(Detour detour) {
        if (detour.timer == null) {
            retryIn(detour, detour.nextDelayNs());
        }
    }

    private void retryIn(Detour detour, long delayNs) {
        detour.timer = loop.schedule(delayNs, () -> {
            detour.timer = null;
            retry(detour);
        });
    }

    private void retry(Detour detour) {
        Session last = null;
        while (!detour.calls.isEmpty()) {
            Session session = cluster.route(detour.target);
            if (session == null) {
                retryLater(detour);
                break;
            }
            session.send(detour.calls.remove());
            last = session;
        }
        if (last != null) {
            last.flush();
        }
    }

    /** Somebody may be there now. */
    void retryAll() {
        for (Detour detour : List.copyOf(detours.values())) {
            retry(detour);
        }
    }

    /** Its target has answered it. */
    void settled(Call call) {
        if (detours.isEmpty()) {
            return;
        }
        Detour detour = detours.get(call.target);
        if (detour != null && detour.calls.isEmpty()) {
            detours.remove(call.target);
        }
    }

    static boolean isElsewhere(Error error) {
        return error.getCode() == ErrorCode.ERROR_NOT_LEADER || error.getCode() == ErrorCode.ERROR_NOT_CONTROLLER;
    }

    private static boolean isBusy(Error error) {
        return error.getCode() == ErrorCode.ERROR_OVERLOADED || error.getCode() == ErrorCode.ERROR_SHUTTING_DOWN;
    }

    /** It can have nothing agreed on, which another broker of its cluster may be able to. */
    private boolean isCutOff(Error error) {
        return error.getCode() == ErrorCode.ERROR_METADATA_UNAVAILABLE && cluster.isCluster();
    }

    /** Whether this is not the last word. */
    boolean takesBack(Session session, Call call, Error error) {
        boolean isDefinite = !error.getUnknownOutcome();
        boolean mayRepeat = !call.isOnce && call.target != Target.NONE && (isDefinite || call.mayRepeatUnanswered());
        if (mayRepeat && !closed && isElsewhere(error)) {
            call.isUnsure |= !isDefinite;
            detour(session, call, error);
            return true;
        }
        long waitNs = Math.max(error.getRetryAfterMs() * 1_000_000L, PAUSE_NS);
        boolean hasTime = call.deadlineNs - loop.nowNs() > waitNs;
        if (mayRepeat && hasTime && (isBusy(error) || isCutOff(error)) && call.repeat != Call.Repeat.NEVER) {
            call.isUnsure |= !isDefinite;
            boolean isCutOff = isCutOff(error);
            leave(isCutOff, session);
            loop.schedule(waitNs, () -> {
                leave(isCutOff, session);
                ask(call);
            });
            return true;
        }
        settled(call);
        return false;
    }

    /** The first time there may be no connection to another broker yet. */
    private void leave(boolean isCutOff, Session session) {
        if (isCutOff && cluster.isHome(session)) {
            cluster.askAnother();
        }
    }

    private void detour(Session session, Call call, Error error) {
        Detour detour = detour(call.target);
        detour.reason = error.getMessage();
        detour.calls.add(call);
        boolean isNamed = error.getNodeId() != 0 && error.getNodeId() != session.nodeId();
        if (isNamed && detour.isFirst() && detour.timer == null) {
            detour.nextDelayNs();
            retryIn(detour, 0);
        } else {
            retryLater(detour);
        }
    }

    /** Fails those whose time is up, each with what was in the way. */
    void expire(long nowNs, Search search) {
        if (detours.isEmpty()) {
            return;
        }
        List<Call> expired = new ArrayList<>(0);
        for (Detour detour : detours.values()) {
            detour.calls.removeIf(call -> call.deadlineNs - nowNs <= 0 && expired.add(call));
        }
        for (Call call : expired) {
            if (!search.isReady()) {
                call.fail(search.unreachable(), "not answered in time; " + search.lastFailure());
                continue;
            }
            String why = trouble(call.target);
            call.fail(new HeadwaterException.Retriable(WireErrors.TIMEOUT, call.type + ": " + why), why);
        }
    }

    private String trouble(long target) {
        String trouble = cluster.trouble(target);
        Detour detour = detours.get(target);
        if (detour == null || detour.reason.isEmpty()) {
            return trouble.isEmpty() ? "not answered in time" : trouble;
        }
        return (trouble.isEmpty() ? "not answered in time" : trouble) + "; the last answer: " + detour.reason;
    }

    boolean areWaiting() {
        for (Detour detour : detours.values()) {
            if (!detour.calls.isEmpty()) {
                return true;
            }
        }
        return false;
    }

    void failAll(HeadwaterException why) {
        List<Call> failing = new ArrayList<>();
        for (Detour detour : detours.values()) {
            failing.addAll(detour.calls);
            detour.calls.clear();
        }
        for (Call call : failing) {
            call.fail(why, String.valueOf(why.getMessage()));
        }
    }

    void close() {
        closed = true;
        failAll(WireErrors.closed("client"));
    }
}
