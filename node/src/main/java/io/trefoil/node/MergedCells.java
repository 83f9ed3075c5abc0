package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.Stamp;
import io.trefoil.cell.CellType;
import io.trefoil.cell.Cells;
import io.trefoil.cell.CellsRefused;
import io.trefoil.cell.Fields;
import io.trefoil.cell.ListPlaces;
import io.trefoil.cell.Siblings;
import io.trefoil.cell.merge.KeyChange;
import io.trefoil.cell.merge.MergedKey;
import io.trefoil.cell.merge.SiblingContext;
import io.trefoil.cell.merge.Versions;
import io.trefoil.cell.merge.Write;
import io.trefoil.resp.Decimal;
import io.trefoil.storage.MergedStore;
import io.trefoil.storage.MergedStore.Key;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Cells that several nodes write, as a command sees them that one of these coordinates. A command's
 * changes are merged here at once, and go into its entry as changes, for the other replicas to
 * merge.
 *
 * <p>What the command looked at is noted: of how much of it other replicas are to be asked depends
 * on the level that was promised.
 */
final class MergedCells implements Cells {
  private MergedStore store;
  private Log log;
  private Looks looks;
  private long now;
  private final ByteSink bytes = new ByteSink();

  private boolean onlySets;
  private boolean removes;
  private long heldIndex;
  private Key found;
  private CellType type;
  private byte[] value;

  /** Where the changes of the running command go. */
  interface Log {
    /** The number of the stream that this node writes. */
    int origin();

    /** A stamp above all that were issued and seen. */
    long nextStamp();

    /** As {@link Cells#random()}. */
    long random();

    /** Of the command's entry; what is before it was there when the command ran. */
    long index();

    /** The command found a key expired, at a time in milliseconds since 1970. */
    default void judgedExpired(long expireAtMillis) {}

    /** Whether of strings that were written without seeing each other all are kept. */
    boolean keepsSiblings();

    /** The name of the node that writes a stream. */
    String nodeName(int origin);

    /**
     * A change that an origin wrote with this stamp is merged by the running command: stamps from
     * now on are larger.
     *
     * @throws CellsRefused when no such origin can have written it
     */
    default void observe(int origin, long stamp) {
      throw new CellsRefused("UNSUPPORTED nothing leaves the history where nobody leads");
    }

    void merge(byte[] key, byte[] change, int length);

    /** Into a field of the key that was merged last. */
    void part(CellType type, byte[] field, int offset, int fieldLength, byte[] change, int length);
  }

  /** Is told what a command looks at. The arrays are not kept. */
  interface Looks {
    /** Nobody asks. */
    Looks IGNORED =
        new Looks() {
          @Override
          public void atKey(byte[] key, int offset, int length) {}

          @Override
          public void atField(byte[] key, CellType type, byte[] field, int offset, int length) {}

          @Override
          public void atFields(byte[] key) {}
        };

    /** At what a key has beside its fields. */
    void atKey(byte[] key, int offset, int length);

    void atField(byte[] key, CellType type, byte[] field, int offset, int length);

    /** At a key with all its fields. */
    void atFields(byte[] key);
  }

  /**
   * Begins a command.
   *
   * @param nowMillis by which keys expire
   */
  void begin(MergedStore newStore, Log newLog, Looks newLooks, long nowMillis) {
    store = newStore;
    log = newLog;
    looks = newLooks;
    now = nowMillis;
    found = null;
    onlySets = true;
    removes = false;
    heldIndex = 0;
  }

  /**
   * The latest entry that decided what the command saw. What it says must not leave before that is
   * stable: a crash might take it.
   */
  long heldIndex() {
    return heldIndex;
  }

  /**
   * Whether the command removed what it saw. What it did not see stays, and would be seen again if
   * it had been overwritten by what is removed.
   */
  boolean removes() {
    return removes;
  }

  private void sees(Key key) {
    heldIndex = Math.max(heldIndex, key.entryIndex());
  }

  /** Whether the command may be run again: it did nothing but set, whatever was there. */
  boolean onlySets() {
    return onlySets;
  }

  /** A key with fields is there when one of them is to be seen: so all of them are looked at. */
  @Override
  public boolean find(byte[] key, int offset, int length) {
    boolean there = findKey(key, offset, length);
    if (found.state().fieldsType() != null) {
      looks.atFields(found.name());
    }
    return there;
  }

  private boolean findKey(byte[] key, int offset, int length) {
    looks.atKey(key, offset, length);
    found = store.open(key, offset, length);
    sees(found);
    type = visibleType(found);
    value = null;
    return type != null;
  }

  private CellType visibleType(Key key) {
    CellType visible = key.type();
    return visible == null || isExpired(key, visible) ? null : visible;
  }

  private boolean hasExpired(Key key) {
    return key.type() != null && visibleType(key) == null;
  }

  private boolean isExpired(Key key, CellType visible) {
    long expireAt = key.state().expireAt(visible);
    if (expireAt == NEVER || expireAt > now) {
      return false;
    }
    log.judgedExpired(expireAt);
    return true;
  }

  @Override
  public CellType type() {
    return type;
  }

  @Override
  public long expireAtMillis() {
    return found.state().expireAt(type);
  }

  @Override
  public long stamp() {
    return found.state().largestStamp();
  }

  @Override
  public int valueLength() {
    return readValue().length;
  }

  @Override
  public void copyValue(int from, byte[] to, int toOffset, int length) {
    System.arraycopy(readValue(), from, to, toOffset, length);
  }

  private byte[] readValue() {
    if (value == null) {
      value = valueOf(found.state().string());
    }
    return value;
  }

  /**
   * A written number and what was added to it are one number; added to anything else is nothing.
   */
  private static byte[] valueOf(Versions versions) {
    return valueOf(versions, versions.written());
  }

  /** Of a field of a key of this type. */
  static byte[] valueOf(CellType type, Versions versions) {
    return type == CellType.ZSET ? MergedStore.scoreOf(versions) : valueOf(versions);
  }

  /** As above, if {@code written} were what counts; null for nothing. */
  static byte[] valueOf(Versions versions, Write written) {
    if (!versions.hasCounter()) {
      return written.value();
    }
    long number = 0;
    if (written != null) {
      byte[] text = written.value();
      Decimal decimal = new Decimal();
      if (!decimal.parse(text, 0, text.length)) {
        return text;
      }
      number = decimal.value();
    }
    return Long.toString(number + versions.counterSum()).getBytes(StandardCharsets.US_ASCII);
  }

  // Siblings.

  /** A key that has so many is written by {@link #resolve} only. */
  static final int MAX_SIBLINGS = 16;

  @Override
  public Siblings siblings() {
    Versions string = found.state().string();
    List<Siblings.Sibling> all = new ArrayList<>();
    for (Write each : shown(string)) {
      all.add(sibling(valueOf(string, each), each.stamp(), each.origin()));
    }
    if (all.isEmpty()) { // a number that was only ever added to
      all.add(sibling(valueOf(string), string.visibleStamp(), string.visibleOrigin()));
    }
    return new Siblings(SiblingContext.of(string).token(found.name()), all);
  }

  /** Where not all are kept, the latest is all there is to see. */
  private List<Write> shown(Versions string) {
    List<Write> all = string.liveWrites();
    return log.keepsSiblings() || all.isEmpty() ? all : all.subList(0, 1);
  }

  private Siblings.Sibling sibling(byte[] of, long stamp, int origin) {
    return new Siblings.Sibling(of, Stamp.millis(stamp), log.nodeName(origin));
  }

  @Override
  public void resolve(
      byte[] key,
      int keyOffset,
      int keyLength,
      byte[] context,
      byte[] newValue,
      int valueOffset,
      int valueLength,
      long expireAtMillis) {
    if (!log.keepsSiblings()) {
      throw new CellsRefused(
          "UNSUPPORTED RESOLVE needs a database with CONFLICT SIBLINGS; in this one the latest"
              + " write counts");
    }
    onlySets = false;
    looks.atKey(key, keyOffset, keyLength);
    Key old = store.open(key, keyOffset, keyLength);
    SiblingContext seen =
        SiblingContext.read(context, old.name())
            .orElseThrow(
                () ->
                    new CellsRefused(
                        "ERR RESOLVE: the context is not one that SIBLINGS gave for this key"));
    if (!hasExpired(old) && !seen.covers(old.state().string())) {
      throw new CellsRefused(
          "CONFLICT the key has a sibling that the context does not cover: read SIBLINGS again");
    }
    byte[] copy = Arrays.copyOfRange(newValue, valueOffset, valueOffset + valueLength);
    putString(
        old,
        expireAtMillis,
        (stamp, change) -> {
          refuseAhead(seen, stamp);
          old.state().string().resolve(seen, log.origin(), stamp, copy, 0, copy.length, change);
        });
  }

  /** What is decided must have a larger stamp than what it is decided between. */
  private static void refuseAhead(SiblingContext seen, long stamp) {
    if (seen.largestStamp() >= stamp) {
      long ahead = Stamp.millis(seen.largestStamp()) - Stamp.millis(stamp);
      throw new CellsRefused(
          "TRYAGAIN RESOLVE: the context tells of a write "
              + ahead
              + " ms ahead of this node's clock, which has not come here yet");
    }
  }

  /** Siblings are neither added to nor, when there are too many, written one by one. */
  private void refuseSiblings(Key key, int from) {
    int siblings = hasExpired(key) ? 0 : key.state().string().siblings();
    if (siblings >= from) {
      throw new CellsRefused(
          "CONFLICT the key has " + siblings + " siblings: SIBLINGS shows them, RESOLVE decides");
    }
  }

  // Changes of a key.

  @Override
  public void putString(
      byte[] key,
      int keyOffset,
      int keyLength,
      byte[] newValue,
      int valueOffset,
      int valueLength,
      long expireAtMillis) {
    byte[] copy = Arrays.copyOfRange(newValue, valueOffset, valueOffset + valueLength);
    if (log.keepsSiblings()) {
      // What is known of is overwritten, so others are asked. Nothing hides it: it is written once.
      looks.atKey(key, keyOffset, keyLength);
      onlySets = false;
    }
    Key old = store.open(key, keyOffset, keyLength);
    Versions string = old.state().string();
    if (!log.keepsSiblings() || hasExpired(old)) {
      putString(
          old,
          expireAtMillis,
          (stamp, change) -> string.put(log.origin(), stamp, copy, 0, copy.length, change));
      return;
    }
    refuseSiblings(old, MAX_SIBLINGS);
    putString(
        old,
        expireAtMillis,
        (stamp, change) -> string.replace(log.origin(), stamp, copy, 0, copy.length, change));
  }

  /** Says what a write of a stamp changes. */
  private interface StringWrite {
    void into(long stamp, Versions change);
  }

  private void putString(Key old, long expireAtMillis, StringWrite write) {
    MergedKey change = new MergedKey();
    List<HiddenCounter> counters = hideFields(old, change);
    long stamp = log.nextStamp();
    write.into(stamp, change.string());
    if (expireAtMillis != NEVER) {
      change.putExpiry(expireAtMillis, stamp, log.origin());
    }
    merge(old, change, counters);
  }

  @Override
  public void addToString(
      byte[] key,
      int keyOffset,
      int keyLength,
      long delta,
      byte[] sum,
      int sumOffset,
      int sumLength,
      long expireAtMillis) {
    onlySets = false;
    Key old = store.open(key, keyOffset, keyLength);
    if (log.keepsSiblings()) {
      refuseSiblings(old, 2);
    }
    if (hasExpired(old)) {
      remove(old); // it is not added to
    }
    MergedKey change = new MergedKey();
    old.state().string().add(log.origin(), log.nextStamp(), delta, change.string());
    merge(old, change, List.of());
  }

  @Override
  public void remove(byte[] key, int offset, int length) {
    onlySets = false;
    removes = true;
    remove(store.open(key, offset, length));
  }

  /** Removes a key if it is expired. */
  void removeExpired(byte[] key) {
    Key expired = store.open(key, 0, key.length);
    if (hasExpired(expired)) {
      remove(expired);
    }
  }

  private void remove(Key key) {
    MergedKey change = new MergedKey();
    List<HiddenCounter> counters = hideFields(key, change);
    key.state().string().remove(change.string());
    if (!change.isEmpty()) {
      merge(key, change, counters);
    }
    found = null;
  }

  /** A counter among the fields of a key that is removed: its total is to be remembered. */
  private record HiddenCounter(CellType type, byte[] field, Versions change) {}

  /**
   * Has a change hide all fields that were written until now, by whomever, as far as is known here.
   */
  private List<HiddenCounter> hideFields(Key key, MergedKey change) {
    List<HiddenCounter> counters = new ArrayList<>();
    if (!key.hasFields()) {
      return counters;
    }
    change.removed().merge(store.seen());
    if (key.hasCounters()) {
      for (CellType each : CellType.WITH_FIELDS) {
        key.forEach(
            each,
            (field, offset, length, versions) -> {
              if (versions.hasCounter()) {
                Versions uncounted = new Versions();
                versions.remove(uncounted);
                byte[] name = Arrays.copyOfRange(field, offset, offset + length);
                counters.add(new HiddenCounter(each, name, uncounted));
              }
            });
      }
    }
    return counters;
  }

  private void merge(Key key, MergedKey change, List<HiddenCounter> counters) {
    write(key, change);
    for (HiddenCounter each : counters) {
      byte[] field = each.field();
      key.merge(log.index(), each.type(), field, 0, field.length, each.change());
      bytes.clear();
      each.change().write(bytes);
      log.part(each.type(), field, 0, field.length, bytes.array(), bytes.size());
    }
    key.merge(log.index(), change);
    key.save(log.index());
  }

  private void write(Key key, MergedKey change) {
    bytes.clear();
    change.write(bytes);
    log.merge(key.name(), bytes.array(), bytes.size());
  }

  @Override
  public void setExpiry(byte[] key, int offset, int length, long expireAtMillis) {
    Key old = store.open(key, offset, length);
    MergedKey change = new MergedKey();
    change.putExpiry(expireAtMillis, log.nextStamp(), log.origin());
    merge(old, change, List.of());
  }

  /** Key by key: what others write at the same time stays. */
  @Override
  public void clear() {
    List<byte[]> keys = new ArrayList<>();
    store.forEachKey(keys::add);
    keys.forEach(key -> remove(key, 0, key.length));
  }

  // Changes that are merged again.

  @Override
  public KeyChange.Preview preview(byte[] key, int offset, int length, KeyChange change) {
    Key now = store.open(key, offset, length);
    MergedKey state = copyOf(now.state());
    boolean news = state.merge(change.key(), store.state().horizon());
    List<KeyChange.FieldPreview> fields = new ArrayList<>();
    for (Map.Entry<KeyChange.Field, Versions> each : change.fields().entrySet()) {
      fields.add(preview(now, state, each.getKey(), each.getValue()));
    }
    sees(now);
    news |= fields.stream().anyMatch(KeyChange.FieldPreview::isNews);
    return new KeyChange.Preview(news, visibleValue(state.string()), fields);
  }

  private MergedKey copyOf(MergedKey state) {
    bytes.clear();
    state.write(bytes);
    return new MergedKey().read(new ByteSource(bytes.toArray()));
  }

  /**
   * @param after the key with the change
   */
  private KeyChange.FieldPreview preview(
      Key now, MergedKey after, KeyChange.Field field, Versions change) {
    byte[] name = field.name().array();
    Versions versions = now.field(field.type(), name, 0, name.length);
    byte[] before = visibleValue(versions);
    long held = versions.digest();
    versions.merge(change, store.state().horizon());
    versions.hide(after.removed());
    boolean neverKept = held == 0 && versions.isCoveredBy(after.removed());
    boolean news = versions.digest() != held && !neverKept;
    return new KeyChange.FieldPreview(news, visibleValue(versions), before);
  }

  private static byte[] visibleValue(Versions versions) {
    return versions.isVisible() ? valueOf(versions) : null;
  }

  /** The key first, as those do who read it from the entry. */
  @Override
  public void merge(byte[] key, int offset, int length, KeyChange change) {
    onlySets = false;
    change.stamps().forEach(log::observe);
    Key to = store.open(key, offset, length);
    write(to, change.key());
    to.merge(log.index(), change.key());
    change.fields().forEach((field, versions) -> merge(to, field, versions));
    to.save(log.index());
  }

  private void merge(Key key, KeyChange.Field field, Versions change) {
    byte[] name = field.name().array();
    bytes.clear();
    change.write(bytes);
    log.part(field.type(), name, 0, name.length, bytes.array(), bytes.size());
    key.merge(log.index(), field.type(), name, 0, name.length, change);
  }

  // Fields.

  @Override
  public Fields fields(CellType asked, byte[] key, int offset, int length) {
    boolean there = findKey(key, offset, length);
    return there && type != asked ? null : new OpenedFields(found, asked, there);
  }

  private final class OpenedFields implements Fields {
    private final Key key;
    private final CellType type;
    private boolean there;
    private boolean named;
    private Versions last;
    private byte[] lastValue;

    /** The place that was made here last; null for none. */
    private byte[] made;

    OpenedFields(Key key, CellType type, boolean there) {
      this.key = key;
      this.type = type;
      this.there = there;
    }

    /** Also those of a key that has none to be seen here: others may have some. */
    private void looksAtFields() {
      if (there || key.state().fieldsType() != null) {
        looks.atFields(key.name());
      }
    }

    @Override
    public long count() {
      looksAtFields();
      return there ? key.visibleFields() : 0;
    }

    @Override
    public boolean find(byte[] field, int offset, int length) {
      // Nobody else has what was made here, and it is another one when the command runs again.
      if (!isMade(field, offset, length)) {
        looks.atField(key.name(), type, field, offset, length);
      }
      last = key.field(type, field, offset, length);
      sees(key);
      lastValue = there && last.isVisible() ? valueOf(type, last) : null;
      return lastValue != null;
    }

    private boolean isMade(byte[] field, int offset, int length) {
      return made != null && Arrays.equals(made, 0, made.length, field, offset, offset + length);
    }

    @Override
    public long stamp() {
      return last.largestStamp();
    }

    @Override
    public long newestStamp() {
      long[] newest = {key.state().largestStamp()};
      key.forEach(
          type,
          (field, offset, length, versions) ->
              newest[0] = Math.max(newest[0], versions.largestStamp()));
      return newest[0];
    }

    @Override
    public int valueLength() {
      return lastValue.length;
    }

    @Override
    public void copyValue(int from, byte[] to, int toOffset, int length) {
      System.arraycopy(lastValue, from, to, toOffset, length);
    }

    @Override
    public boolean put(
        byte[] field,
        int fieldOffset,
        int fieldLength,
        byte[] newValue,
        int valueOffset,
        int valueLength) {
      boolean fresh = !find(field, fieldOffset, fieldLength);
      onlySets &= type != CellType.LIST; // pushed twice there are two, and ranks move
      begin();
      Versions change = new Versions();
      byte[] copy = Arrays.copyOfRange(newValue, valueOffset, valueOffset + valueLength);
      last.put(log.origin(), log.nextStamp(), copy, 0, copy.length, change);
      merge(field, fieldOffset, fieldLength, change);
      return fresh;
    }

    @Override
    public boolean repeatsMatter() {
      return true;
    }

    @Override
    public void add(
        byte[] field,
        int fieldOffset,
        int fieldLength,
        long delta,
        byte[] sum,
        int sumOffset,
        int sumLength) {
      onlySets = false;
      find(field, fieldOffset, fieldLength);
      begin();
      Versions change = new Versions();
      last.add(log.origin(), log.nextStamp(), delta, change);
      merge(field, fieldOffset, fieldLength, change);
    }

    @Override
    public boolean remove(byte[] field, int offset, int length) {
      if (!find(field, offset, length)) {
        return false;
      }
      onlySets = false;
      removes = true;
      begin();
      Versions change = new Versions();
      last.remove(key.state().removed(), change);
      merge(field, offset, length, change);
      return true;
    }

    /** Before the first change: what expired goes, and the key is of this type from now on. */
    private void begin() {
      if (there && named) {
        return;
      }
      MergedKey change = new MergedKey();
      if (!there) {
        if (hasExpired(key)) {
          MergedCells.this.remove(key);
          last.hide(key.state().removed());
        }
        change.putFields(type, log.nextStamp(), log.origin());
        there = true;
      }
      named = true;
      write(key, change);
      key.merge(log.index(), change);
    }

    private void merge(byte[] field, int offset, int length, Versions change) {
      bytes.clear();
      change.write(bytes);
      log.part(type, field, offset, length, bytes.array(), bytes.size());
      key.merge(log.index(), type, field, offset, length, change);
    }

    @Override
    public void save() {
      key.save(log.index());
    }

    @Override
    public long scan(long cursor, int count, Visitor visitor) {
      looksAtFields();
      if (!there) {
        return 0;
      }
      long next = key.scan(type, cursor, count, shown(visitor));
      sees(key);
      return next;
    }

    @Override
    public void pick(Visitor visitor) {
      looksAtFields();
      if (!there) {
        return;
      }
      key.pick(type, MergedCells.this::random, shown(visitor));
      sees(key);
    }

    private MergedStore.FieldVisitor shown(Visitor visitor) {
      return (field, offset, length, versions) -> {
        byte[] each = valueOf(type, versions);
        visitor.visit(field, offset, length, each, 0, each.length);
      };
    }

    @Override
    public long rank(byte[] place, int offset, int length) {
      looksAtFields();
      if (!there) {
        return 0;
      }
      long rank = key.rank(type, place, offset, length);
      sees(key);
      return rank;
    }

    @Override
    public void visit(long rank, long count, boolean backwards, Visitor visitor) {
      looksAtFields();
      if (there) {
        key.visit(type, rank, count, backwards, visitor);
        sees(key);
      }
    }

    /** With a stamp and the origin behind it, as others may find the same place. */
    @Override
    public byte[] placeBetween(byte[] lower, byte[] upper) {
      byte[] place = ListPlaces.between(lower, upper);
      made =
          ByteBuffer.allocate(place.length + 2 * Long.BYTES)
              .put(place)
              .putLong(log.nextStamp())
              .putLong(log.origin())
              .array();
      return made;
    }

    @Override
    public void forEach(Visitor visitor) {
      looksAtFields();
      if (!there) {
        return;
      }
      key.forEach(type, shown(visitor));
      sees(key);
    }
  }

  // The whole partition: as it is here.

  private void lookedAtAll() {
    heldIndex = Math.max(heldIndex, log.index() - 1);
  }

  @Override
  public long keyCount() {
    lookedAtAll();
    return store.keyCount();
  }

  @Override
  public long scan(long cursor, int count, KeyVisitor visitor) {
    lookedAtAll();
    List<byte[]> keys = new ArrayList<>();
    long next = store.scan(cursor, count, keys::add);
    for (byte[] key : keys) {
      CellType visible = visibleType(store.open(key, 0, key.length));
      if (visible != null) {
        visitor.visit(key, 0, key.length, visible);
      }
    }
    return next;
  }

  @Override
  public byte[] randomKey() {
    lookedAtAll();
    // A few tries: an expired key that is not collected yet is no answer.
    for (int attempt = 0; attempt < 100; attempt++) {
      byte[] key = store.randomKey(random());
      if (key == null || visibleType(store.open(key, 0, key.length)) != null) {
        return key;
      }
    }
    return null;
  }

  @Override
  public long random() {
    return log.random();
  }

  @Override
  public long nowMillis() {
    return now;
  }
}
