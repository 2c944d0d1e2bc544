/**
 * One partition on several disks: how entries are copied, when one is committed, who leads, and how voters change. Pure:
 * time comes in as an argument, effects go out through ports, and nothing is decided by a clock; the same classes run on
 * the thread that owns a partition and in a simulation over many thousands of seeds.
 *
 * <h2>How it works, in one page</h2>
 *
 * <p>A partition's log is one sequence of <em>entries</em>, each with an index and the <em>epoch</em> of the leader that
 * wrote it. The metadata of the cluster makes epochs, says who leads one and who the <em>voters</em> are. Everything
 * else happens between replicas. A <em>learner</em> gets the log and has no vote.
 *
 * <ol>
 *   <li><b>Writing.</b> The leader appends, sends what it has appended to the others at once ({@code Append}) and syncs
 *       meanwhile. Each follower says how far its disk has it ({@code Ack}). An entry is committed when a write quorum
 *       of the voters has it on disk: that is the only way by which anything becomes committed, but for the level below
 *       ({@code Leadership}).
 *   <li><b>Failing over.</b> The controller seals: the metadata makes a new epoch without a leader, and the voters are
 *       asked how their logs end. Before a voter answers, it promises durably to take nothing of older epochs any more,
 *       so that the old leader, wherever it is, can commit nothing beyond what the answers show. Any write quorum has a
 *       voter among those that answered; so the most complete log among them, by last epoch and then by length, has
 *       everything that is committed, and leads ({@code Election}).
 *   <li><b>Following.</b> A replica describes its log to the new leader ({@code Attach}), is told where the two part
 *       ({@code Reconciliation}), cuts its log there, and is a prefix of the leader's from then on ({@code Follower}).
 *       What is cut was never committed. If it ever were, the replica would halt instead.
 *   <li><b>Handing over.</b> A leader that is healthy stops appending, waits until one voter has everything, and asks
 *       for that one to lead the next epoch. No seal is needed, and no votes.
 *   <li><b>Changing voters.</b> For a while there are two sets, and both must agree on commits and on seals. The leader
 *       writes a mark; when the mark is committed under both sets, the old one is let go.
 *   <li><b>Losing.</b> A copy that has lost some of what it acknowledged, because its disk did not keep it, is a
 *       <em>suspect</em>: it promises, follows and copies, and is nobody otherwise until it has all that its leader had
 *       when it attached ({@code Follower.lookWhole}). To a seal it answers what it had, and is heard for a leader only that has
 *       that ({@code Election.isSure}).
 *   <li><b>Written counts, too,</b> where the view says so (level {@code replicated}): then an entry is committed when a write quorum has
 *       written it. A machine that goes down makes a suspect of each copy that counted what was not synced; one that says what it has, with
 *       that remark. Where too few are sure of theirs, all are heard, and the most complete leads: a loss, which is recorded
 *       ({@code Election.decide}).
 *   <li><b>Saying where the log ends.</b> What is committed may be read at any time. But a leader that was deposed may not know
 *       of it yet, nor of what is committed since; so it asks its voters first whether they still follow ({@code Confirm}).
 *   <li><b>Giving up.</b> Where too many voters are lost, an operator may choose who leads, alone, in the next epoch. Its
 *       log gets a marker of the loss. What others knew as committed may be void then: a copy that has nothing of that
 *       epoch or a later one, and more committed than its leader has, is thrown away, and begins anew.
 * </ol>
 *
 * <h2>What to hold on to</h2>
 *
 * <p>{@code Rules} lists what must never be broken; each rule stands as R<i>n</i> at the lines that keep it, and for each
 * a test switches it off and sees the simulation lose data. They are few: promises are durable before they are relied on
 * (R2), a described log does not change (R3), a seal hears enough voters (R4), last epoch before length (R5), one
 * leadership per epoch and incarnation (R6), commits begin in the leader's own epoch (R7), only what is on disk counts
 * (R8), on a quorum of every active set (R9, R13), a new disk is a new replica and a suspect is nobody (R10), resigned is
 * resigned (R11), logs are cut in the handshake only and never below what is committed (R12), and no clock decides (R15).
 * Where a log ends is said when a quorum has confirmed, since the question, that it still follows (R17). Whoever may have lost what it had
 * written is a suspect (R18), a loss is one when all voters have been heard (R19), and a copy that heals asks of a leader for what it had
 * (R20).
 *
 * <p>A message may be lost, doubled, late or overtaken, and a view of the metadata old or with steps left out: that costs
 * time. So every request is repeated until something shows that it was heard.
 *
 * <h2>Where to start reading</h2>
 *
 * <p>{@link io.headwater.broker.replica.Replica}: all that can happen to a copy; then {@code Follower} and {@code
 * Leadership}, its two roles; {@link io.headwater.broker.replica.Controller} and {@code PartitionCare}, who ask for
 * leaders; {@code Quorums}, who counts. The ports are {@link io.headwater.broker.replica.ReplicaPorts} and {@link
 * io.headwater.broker.replica.ControllerPorts}. {@code ReplicationSimulationTest} shows everything at work.
 *
 * <p>Knows no bytes, no storage, no network, no thread, no other room. Does not know: record offsets (entries are counted
 * here), what an entry says, how whole segments are copied, what is read.
 */
@NullMarked
package io.headwater.broker.replica;

import org.jspecify.annotations.NullMarked;
