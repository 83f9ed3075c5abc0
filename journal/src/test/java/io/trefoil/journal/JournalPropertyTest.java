package io.trefoil.journal;

import static org.assertj.core.api.Assertions.assertThat;

import io.trefoil.base.Position;
import io.trefoil.journal.memory.SimulatedDisk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Random work, kills, crashes and clean closes, against the model. */
class JournalPropertyTest {
  @Property(tries = 80)
  void whatIsPromisedIsThereAfterEveryKindOfEnd(@ForAll long seed) throws IOException {
    Run run = new Run(seed);
    for (int life = 0; life < 6; life++) {
      run.open();
      int steps = run.random.nextInt(120);
      for (int i = 0; i < steps; i++) {
        run.step();
      }
      run.end();
    }
    run.open();
  }

  private static final class Run {
    /** Something that was appended: when the journal reaches {@code end}, the model has it. */
    private record Appended(long end, Consumer<JournalModel> change) {}

    final Random random;
    private final SimulatedDisk disk;
    private final JournalSettings settings;
    private List<Appended> history = new ArrayList<>();
    private JournalModel model = new JournalModel();
    private Journal journal;
    private long promisedOffset;
    private boolean crashed;
    private boolean closed;
    private boolean first = true;

    Run(long seed) {
      random = new Random(seed);
      disk = new SimulatedDisk(seed);
      // Smaller than some records, and larger than what one index entry covers.
      int segmentBytes = 1 << 13 + 2 * random.nextInt(3);
      settings = new JournalSettings(7, segmentBytes, 1 << 12, 20);
    }

    void open() {
      JournalModel replayed = new JournalModel();
      journal = Journal.open(disk.hold(), settings, replayed);
      long end = journal.recovery().endOffset();
      assertThat(end).isGreaterThanOrEqualTo(promisedOffset);
      assertThat(journal.recovery().found()).isEqualTo(!first);
      assertThat(journal.recovery().unbroken()).isEqualTo(!first && (closed || !crashed));
      history.removeIf(appended -> appended.end > end);
      model = new JournalModel();
      history.forEach(appended -> appended.change.accept(model));
      model.requireSame(replayed);
      first = false;
    }

    void step() throws IOException {
      switch (random.nextInt(14)) {
        case 0 -> start(random.nextInt(4));
        case 1 -> note();
        case 2 -> journal.write();
        case 3 -> journal.sync();
        case 4 -> journal.prepare();
        default -> {
          if (!model.copies.isEmpty()) {
            List<Long> ids = List.copyOf(model.copies.keySet());
            onCopy(ids.get(random.nextInt(ids.size())));
          }
        }
      }
    }

    private void onCopy(long id) {
      JournalModel.Copy copy = model.copies.get(id);
      switch (random.nextInt(12)) {
        case 0 -> cut(id, copy);
        case 1 -> commit(id, copy);
        case 2 -> release(id, copy);
        case 3, 4 -> read(id, copy);
        case 5 -> {
          if (random.nextInt(6) == 0) {
            journal.appendEnd(id);
            done(m -> m.end(id));
          }
        }
        default -> batch(id, copy);
      }
    }

    private void start(long id) {
      byte[] meta = bytes(40);
      Position start = new Position(random.nextInt(3), random.nextInt(50));
      journal.appendStart(id, start, meta);
      done(m -> m.start(id, start, meta));
    }

    private void note() {
      long kind = random.nextInt(3);
      byte[] value = bytes(30);
      journal.putNote(kind, value);
      done(m -> m.note(kind, value));
    }

    private void batch(long id, JournalModel.Copy copy) {
      Position last = copy.last();
      long epoch = last.epoch() + random.nextInt(2);
      int count = 1 + random.nextInt(5);
      byte[][] entries = new byte[count][];
      for (int i = 0; i < count; i++) {
        // Now and then larger than the buffer, and than a segment.
        entries[i] = bytes(random.nextInt(300) == 0 ? 90_000 : 2_000);
      }
      byte[] body = JournalModel.body(entries);
      long firstIndex = last.index() + 1;
      long commit = copy.commitIndex;
      long time = random.nextLong();
      journal.appendBatch(id, epoch, firstIndex, count, commit, time, 9, body, 0, body.length);
      done(m -> m.batch(id, epoch, firstIndex, count, commit, time, 9, body, 0, body.length));
    }

    /** Not below what was released: an applied entry can't be cut without its copy's start. */
    private void cut(long id, JournalModel.Copy copy) {
      long floor = Math.max(copy.start.index(), copy.released);
      if (copy.last().index() <= floor) {
        return;
      }
      long index = floor + random.nextInt((int) (copy.last().index() - floor));
      long epoch =
          index <= copy.start.index() ? copy.start.epoch() : copy.entries.get(index).epoch();
      Position kept = new Position(epoch, index);
      journal.appendCut(id, kept);
      done(m -> m.cut(id, kept));
    }

    private void commit(long id, JournalModel.Copy copy) {
      long index = copy.commitIndex + random.nextInt(3);
      if (index <= copy.last().index()) {
        journal.appendCommit(id, index);
        done(m -> m.commit(id, index));
      }
    }

    private void release(long id, JournalModel.Copy copy) {
      long index = Math.max(copy.last().index() - random.nextInt(20), copy.start.index());
      long before = journal.firstIndex(id);
      journal.release(id, index);
      // Nothing is appended: it holds as long as the change before it does.
      long end = history.get(history.size() - 1).end;
      Consumer<JournalModel> change =
          m -> m.copies.get(id).released = Math.max(m.copies.get(id).released, index);
      history.add(new Appended(end, change));
      change.accept(model);
      assertThat(journal.firstIndex(id)).isEqualTo(Math.max(before, index + 1));
    }

    private void read(long id, JournalModel.Copy copy) {
      journal.write();
      long firstHeld = journal.firstIndex(id);
      long from = firstHeld + random.nextInt(10) - 3;
      JournalModel read = new JournalModel();
      read.start(id, new Position(0, Math.max(from, 1) - 1), new byte[0]);
      long next = from;
      long before;
      do {
        before = next;
        long wanted = before;
        next = journal.read(id, wanted, 5_000, trimmed(read, id, wanted));
      } while (next > before);
      Map<Long, JournalModel.Entry> expected =
          from < firstHeld ? Map.of() : copy.entries.tailMap(from, true);
      assertThat(read.copies.get(id).entries).isEqualTo(expected);
    }

    /** A batch may begin below the wanted entry. */
    private static BatchSink trimmed(JournalModel into, long id, long wanted) {
      return (copyId, epoch, first, count, commit, time, issuer, array, offset, length) -> {
        JournalModel whole = new JournalModel();
        whole.start(id, new Position(0, first - 1), new byte[0]);
        whole.batch(copyId, epoch, first, count, commit, time, issuer, array, offset, length);
        assertThat(first + count).isGreaterThan(wanted);
        into.copies.get(id).entries.putAll(whole.copies.get(id).entries.tailMap(wanted, true));
      };
    }

    private void done(Consumer<JournalModel> change) {
      history.add(new Appended(journal.appended(), change));
      change.accept(model);
    }

    void end() throws IOException {
      closed = false;
      crashed = false;
      switch (random.nextInt(4)) {
        case 0 -> {
          journal.close();
          closed = true;
          promised(journal.written());
          disk.crash(0);
          crashed = true;
        }
        case 1 -> {
          promised(journal.written());
          disk.kill();
        }
        default -> {
          promised(journal.synced());
          disk.crash(random.nextInt(101));
          crashed = true;
        }
      }
    }

    /** The end of the last change below {@code offset}. */
    private void promised(long offset) {
      promisedOffset = 0;
      for (Appended appended : history) {
        promisedOffset = appended.end <= offset ? appended.end : promisedOffset;
      }
    }

    private byte[] bytes(int maxLength) {
      byte[] bytes = new byte[random.nextInt(maxLength)];
      random.nextBytes(bytes);
      return bytes;
    }
  }
}
