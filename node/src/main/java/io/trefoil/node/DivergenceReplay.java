package io.trefoil.node;

import io.trefoil.node.Divergences.Opened;
import io.trefoil.node.LeftKeys.Key;
import io.trefoil.resp.Args;
import io.trefoil.resp.Reply;
import io.trefoil.resp.ReplyWriter;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes keys of a divergence file again, each by a command that its leader runs in one step: it
 * looks at what the key is, and changes it or not. So nothing is written over that was not asked
 * for, and what is written twice is written once.
 *
 * <p>An error ends it: what is not written then is left, and it may be run again.
 */
final class DivergenceReplay implements KeyWalk.Step {
  private static final int MAX_LISTED = 100;

  private final Opened opened;
  private final boolean overwrite;
  private final DivergenceDiff.Stamps stamps;
  private final List<Left> listed = new ArrayList<>();
  private long applied;
  private long same;
  private long uncertain;
  private boolean cleared;
  private boolean clearedNow;
  private String error = "";

  private record Left(Key key, String reason) {}

  /**
   * @param overwrite write keys in conflict, too
   * @param stamps the versions that somebody has seen: keys that have another are left; null to
   *     overwrite any
   */
  DivergenceReplay(Opened opened, boolean overwrite, DivergenceDiff.Stamps stamps) {
    this.opened = opened;
    this.overwrite = overwrite;
    this.stamps = stamps;
    this.cleared = opened.file().replay() != null && opened.file().replay().cleared();
  }

  /** Whether all keys are to be removed first; not twice, or what came since would go. */
  boolean clears() {
    return opened.cleared() != null && overwrite && !cleared;
  }

  /** All keys of the partition were removed, or not. */
  void cleared(Reply reply) {
    if (reply instanceof Reply.Failure failure) {
      error = failure.text();
    } else {
      cleared = true;
      clearedNow = true;
    }
  }

  @Override
  public Args ask(int number, Key key, List<byte[]> content) {
    // After a clear nothing is there, but for what others write meanwhile.
    boolean any = overwrite && stamps == null;
    boolean onlySeen = overwrite && stamps != null;
    String mode =
        any ? "ANY" : onlySeen ? Long.toString(clearedNow ? 0 : stamps.of(number)) : "SAFE";
    return DivergenceDiff.command("APPLY", opened, key, content, mode);
  }

  @Override
  public void answered(int number, Key key, List<byte[]> content, Reply reply) {
    String outcome =
        reply == null ? "not a change that this version can write" : DivergenceDiff.text(reply);
    if (reply instanceof Reply.Failure failure) {
      error = failure.text();
      uncertain += failure.prefix().equals("UNCERTAIN") ? 1 : 0;
      outcome = failure.text();
    }
    switch (outcome) {
      case "applied" -> applied++;
      case "same" -> same++;
      default -> {
        if (listed.size() < MAX_LISTED) {
          listed.add(new Left(key, outcome));
        }
      }
    }
  }

  @Override
  public boolean goesOn() {
    return error.isEmpty();
  }

  private long left() {
    boolean clearLeft = opened.cleared() != null && !cleared;
    return opened.keys().size() - applied - same + (clearLeft ? 1 : 0);
  }

  DivergenceSummary.Replay note(long nowMillis) {
    return new DivergenceSummary.Replay(nowMillis, overwrite, cleared, applied, same, left());
  }

  void write(String id, String database, ReplyWriter reply) {
    reply.map(10);
    Divergences.text(reply, "id", id);
    Divergences.text(reply, "database", database);
    Divergences.number(reply, "keys", opened.keys().size());
    Divergences.number(reply, "applied", applied);
    Divergences.number(reply, "same", same);
    Divergences.number(reply, "left", left());
    Divergences.number(reply, "uncertain", uncertain);
    boolean clear = opened.cleared() != null;
    Divergences.text(reply, "clear", !clear ? "none" : cleared ? "applied" : "left");
    Divergences.text(reply, "error", error);
    reply.bulkText("left_keys");
    reply.array(listed.size());
    for (Left each : listed) {
      reply.map(2);
      reply.bulkText("key");
      reply.bulk(each.key().key().array());
      Divergences.text(reply, "reason", each.reason());
    }
  }
}
