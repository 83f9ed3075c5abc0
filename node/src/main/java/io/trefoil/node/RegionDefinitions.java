package io.trefoil.node;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.control.ClusterState;
import io.trefoil.control.ControlCommand;
import io.trefoil.control.ControlFormat;
import io.trefoil.control.Database;
import io.trefoil.control.DatabaseOptions;
import io.trefoil.control.Outcome;
import io.trefoil.control.Regions;
import io.trefoil.transport.PeerConnection;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Databases that span regions: each region's control plane defines them for itself, all in the same
 * way. So they are made and dropped only while all regions are in reach, and first every region is
 * asked whether it could. What breaks off in between is completed by saying the same again: that is
 * told by the definition, a number that all regions have of a database.
 *
 * <p>Belongs to the data loop's thread.
 *
 * <pre>
 * asked:    id (8) · whether it is only a question (1) · definition (8) · command (block)
 * answered: id (8) · error (text, empty when there is none)
 * </pre>
 */
final class RegionDefinitions {
  private static final long ANSWER_NANOS = 5_000_000_000L;
  private static final String CREATE = "DATABASE CREATE";
  private static final String DROP = "DATABASE DROP";
  private static final String ALTER = "DATABASE ALTER";
  private static final String NOT_ASKED = "ERR this is not asked of another region";

  private final DataLoop loop;
  private final RegionLinks links;
  private final Supplier<ClusterState> state;
  private final LongSupplier numbers;
  private final BiConsumer<ControlCommand, Consumer<String>> control;
  private final Map<Long, Asked> asked = new HashMap<>();
  private final ByteSink frame = new ByteSink();

  /** A region that has yet to answer. */
  private record Asked(String region, long deadlineNanos, Consumer<String> then) {}

  /** Gives a region its command. */
  private interface CommandOf {
    ControlCommand in(String region);
  }

  /**
   * @param numbers no other process draws the same
   * @param control submits a command to this region's control plane, and tells the error or null
   */
  RegionDefinitions(
      DataLoop loop,
      RegionLinks links,
      Supplier<ClusterState> state,
      LongSupplier numbers,
      BiConsumer<ControlCommand, Consumer<String>> control) {
    this.loop = loop;
    this.links = links;
    this.state = state;
    this.numbers = numbers;
    this.control = control;
  }

  /**
   * Creates a database in all of its regions, under the same number.
   *
   * @param then gets the error for the client, or null
   */
  void create(String name, DatabaseOptions said, String here, Consumer<String> then) {
    Optional<Database> before = state.get().database(name).filter(it -> it.definition() != 0);
    long definition = before.map(Database::definition).orElseGet(this::draw);
    DatabaseOptions options =
        said.number() != null
            ? said
            : said.withNumber(before.map(Database::number).orElse(state.get().freeNumber()));
    List<String> others = new ArrayList<>(options.regions());
    others.remove(here);
    CommandOf command = region -> new ControlCommand.Create(name, options, region, definition);
    // Here first: by what is here, the same words find the definition again.
    ifAllCould(
        CREATE,
        definition,
        here,
        others,
        command,
        then,
        () ->
            control.accept(
                command.in(here),
                orElse(
                    then,
                    () ->
                        makeElsewhere(
                            CREATE, definition, others, command, then, () -> then.accept(null)))));
  }

  /** Drops one. */
  void drop(Database database, Consumer<String> then) {
    String here = database.settings().regions().here();
    List<String> others = database.settings().regions().others();
    long definition = database.definition();
    CommandOf command = region -> new ControlCommand.Drop(database.name());
    // Here last: as long as it is here, it can be said again.
    ifAllCould(
        DROP,
        definition,
        here,
        others,
        command,
        then,
        () ->
            makeElsewhere(
                DROP,
                definition,
                others,
                command,
                then,
                () -> control.accept(command.in(here), then)));
  }

  /**
   * Changes which regions a database has, how they send to each other, and what is read of
   * conflicts. A region that goes takes no more writes first, and goes when another one has all
   * that it wrote; then the others are told, those that come at last: nothing may be forgotten any
   * more that they lack.
   *
   * @param said of regions, and nothing else
   * @param force a region goes also when it is not in reach, or others lack something of it
   */
  void alter(Database database, DatabaseOptions said, boolean force, Consumer<String> then) {
    Regions before = database.settings().regions();
    Optional<String> refusal = said.whyNotOver(before);
    if (refusal.isPresent()) {
      then.accept("ERR " + ALTER + ": " + refusal.get());
      return;
    }
    Regions next = said.over(before);
    List<String> staying = new ArrayList<>(before.names());
    staying.retainAll(next.others());
    List<String> coming = new ArrayList<>(next.others());
    coming.removeAll(staying);
    List<String> going = new ArrayList<>(before.names());
    going.removeAll(next.names());
    DatabaseOptions options = DatabaseOptions.of(database, next);
    CommandOf command =
        region ->
            new ControlCommand.Create(
                database.name(), options, region, database.definition(), next.at(region));
    List<String> asked = new ArrayList<>(force ? List.of() : going);
    asked.addAll(staying);
    asked.addAll(coming);
    Runnable last =
        () ->
            makeElsewhere(
                ALTER, database.definition(), coming, command, then, () -> then.accept(null));
    Runnable others =
        () -> makeElsewhere(ALTER, database.definition(), staying, command, then, last);
    Runnable here = () -> control.accept(command.in(next.here()), orElse(then, others));
    ifAllCould(
        ALTER,
        database.definition(),
        next.here(),
        asked,
        command,
        then,
        force
            ? () -> tell(database, going, command, here)
            : () ->
                makeElsewhere(
                    ALTER,
                    database.definition(),
                    going,
                    command,
                    then,
                    () -> awaitTaken(database, going, then, here)));
  }

  /**
   * Turns a single-leader database into a multi-leader one. Here first: from there all that it has
   * comes to the others.
   *
   * @param said of regions, and nothing else
   */
  void span(Database database, DatabaseOptions said, String here, Consumer<String> then) {
    Regions before = database.settings().regions();
    Optional<String> refusal = before == null ? said.whyNotFirst(here) : said.whyNotOver(before);
    if (refusal.isPresent()) {
      then.accept("ERR " + ALTER + ": " + refusal.get());
      return;
    }
    Regions next = before == null ? said.newRegionsFrom(here) : said.over(before);
    long definition = before == null ? draw() : database.definition();
    DatabaseOptions options = DatabaseOptions.of(database, next);
    CommandOf command =
        region ->
            region.equals(here)
                ? new ControlCommand.Span(database.title(), definition, next)
                : new ControlCommand.Create(
                    database.name(), options, region, definition, next.at(region));
    Runnable others =
        () ->
            makeElsewhere(ALTER, definition, next.others(), command, then, () -> then.accept(null));
    ifAllCould(
        ALTER,
        definition,
        here,
        next.others(),
        command,
        then,
        () -> control.accept(command.in(here), orElse(then, others)));
  }

  private static Consumer<String> orElse(Consumer<String> then, Runnable goOn) {
    return error -> {
      if (error == null) {
        goOn.run();
      } else {
        then.accept(error);
      }
    };
  }

  /** Tells regions that go anyway, each if it is in reach. */
  private void tell(Database database, List<String> going, CommandOf command, Runnable then) {
    for (String region : going) {
      ask(false, database.definition(), region, command.in(region), ignored -> {});
    }
    then.run();
  }

  private void awaitTaken(
      Database database, List<String> going, Consumer<String> then, Runnable goOn) {
    if (going.isEmpty()) {
      goOn.run();
      return;
    }
    String region = going.get(0);
    links.awaitTaken(
        database,
        region,
        numbers.getAsLong(),
        missing -> {
          if (missing == null) {
            awaitTaken(database, going.subList(1, going.size()), then, goOn);
          } else {
            then.accept(
                String.format(
                    "UNCERTAIN %s is not done yet: region '%s' takes no more writes, and %s. Say it"
                        + " again to complete it, or with FORCE to go on without that",
                    ALTER, region, missing));
          }
        });
  }

  private void makeElsewhere(
      String what,
      long definition,
      List<String> others,
      CommandOf command,
      Consumer<String> then,
      Runnable goOn) {
    askAll(
        false,
        definition,
        others,
        command,
        (region, error) ->
            then.accept(
                String.format(
                    "UNCERTAIN %s is perhaps not done in region '%s', which says: %s. Say it again to"
                        + " complete it",
                    what, region, error)),
        goOn);
  }

  private long draw() {
    return 1 + (numbers.getAsLong() >>> 2);
  }

  /** Asks all regions whether they could, then goes on. */
  private void ifAllCould(
      String what,
      long definition,
      String here,
      List<String> others,
      CommandOf command,
      Consumer<String> then,
      Runnable goOn) {
    String refusal = tryHere(definition, command.in(here));
    if (refusal != null) {
      then.accept(refusal);
      return;
    }
    askAll(
        true,
        definition,
        others,
        command,
        (region, error) ->
            then.accept(
                String.format(
                    "ERR %s: nothing was done, as region '%s' says: %s", what, region, error)),
        goOn);
  }

  /**
   * Asks regions one after the other.
   *
   * @param wrong is told of the first that says no
   */
  private void askAll(
      boolean question,
      long definition,
      List<String> regions,
      CommandOf command,
      BiConsumer<String, String> wrong,
      Runnable then) {
    if (regions.isEmpty()) {
      then.run();
      return;
    }
    String region = regions.get(0);
    ask(
        question,
        definition,
        region,
        command.in(region),
        error -> {
          if (error != null) {
            wrong.accept(region, error);
          } else {
            List<String> rest = regions.subList(1, regions.size());
            askAll(question, definition, rest, command, wrong, then);
          }
        });
  }

  private void ask(
      boolean question,
      long definition,
      String region,
      ControlCommand command,
      Consumer<String> then) {
    RegionLinks.Remote remote = links.anyOf(region);
    if (remote == null) {
      then.accept("ERR none of its nodes is in reach, and all regions are needed for that");
      return;
    }
    long id = numbers.getAsLong();
    asked.put(id, new Asked(region, loop.nowNanos() + ANSWER_NANOS, then));
    frame.clear();
    frame.putByte(Frames.REGION_DEFINE).putLong(id).putByte(question ? 1 : 0).putLong(definition);
    byte[] encoded = ControlFormat.encode(command);
    frame.putBlock(encoded, 0, encoded.length);
    links.send(remote, frame);
  }

  /** Another region asks, or has this one do something. */
  void onAsked(PeerConnection from, ByteSource source) {
    long id = source.getLong();
    boolean question = source.getByte() != 0;
    long definition = source.getLong();
    ControlCommand command = ControlFormat.decodeCommand(source.getBlock());
    source.expectEnd();
    boolean other = command instanceof ControlCommand.Span;
    String refusal = other ? NOT_ASKED : tryHere(definition, command);
    if (refusal != null || question || isDone(definition, command)) {
      answer(from, id, refusal);
    } else {
      control.accept(command, error -> answer(from, id, error));
    }
  }

  private void answer(PeerConnection to, long id, String error) {
    frame.clear();
    frame.putByte(Frames.REGION_DEFINED).putLong(id).putText(error == null ? "" : error);
    to.reply(frame.array(), 0, frame.size());
  }

  /** A drop that comes again. */
  private boolean isDone(long definition, ControlCommand command) {
    return command instanceof ControlCommand.Drop
        && state.get().databases().values().stream()
            .noneMatch(each -> each.definition() == definition);
  }

  /** Why this region would not do it, as far as this node knows; null when it would. */
  private String tryHere(long definition, ControlCommand command) {
    if (command instanceof ControlCommand.Drop drop) {
      Optional<Database> there = state.get().database(drop.name());
      boolean another = there.isPresent() && there.get().definition() != definition;
      return another ? "ERR '" + drop.name() + "' is another database there" : null;
    }
    if (!(command instanceof ControlCommand.Create || command instanceof ControlCommand.Span)) {
      return NOT_ASKED;
    }
    ClusterState now = state.get();
    Outcome outcome = now.apply(command, now.version() + 1, 0).outcome();
    return outcome instanceof Outcome.Refused refused ? refused.error() : null;
  }

  /** A region has answered. */
  void onAnswer(ByteSource source) {
    Asked waiting = asked.remove(source.getLong());
    String error = source.getText();
    source.expectEnd();
    if (waiting != null) {
      waiting.then().accept(error.isEmpty() ? null : error);
    }
  }

  void tick() {
    for (Map.Entry<Long, Asked> each : List.copyOf(asked.entrySet())) {
      if (loop.nowNanos() - each.getValue().deadlineNanos() > 0) {
        asked.remove(each.getKey());
        each.getValue().then().accept("ERR no answer in 5 s");
      }
    }
  }
}
