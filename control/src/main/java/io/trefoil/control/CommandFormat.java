package io.trefoil.control;

import static io.trefoil.control.ControlFormat.getEpochs;
import static io.trefoil.control.ControlFormat.getFlag;
import static io.trefoil.control.ControlFormat.getInt;
import static io.trefoil.control.ControlFormat.getNode;
import static io.trefoil.control.ControlFormat.getNumber;
import static io.trefoil.control.ControlFormat.getOptions;
import static io.trefoil.control.ControlFormat.getPartitionId;
import static io.trefoil.control.ControlFormat.getText;
import static io.trefoil.control.ControlFormat.putAll;
import static io.trefoil.control.ControlFormat.putEpochs;
import static io.trefoil.control.ControlFormat.putFlag;
import static io.trefoil.control.ControlFormat.putNode;
import static io.trefoil.control.ControlFormat.putOptions;
import static io.trefoil.control.ControlFormat.putPartitionId;
import static io.trefoil.control.ControlFormat.putPresence;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.base.NodeId;
import io.trefoil.control.ControlCommand.Appointment;
import io.trefoil.control.ControlCommand.Succession;
import java.util.SortedSet;
import java.util.TreeSet;

/** The bytes of a {@link ControlCommand}: a tag, then its components in their order. */
final class CommandFormat implements ControlCommand.Handler<ByteSink> {
  private static final int FOUND = 1;
  private static final int REGISTER = 2;
  private static final int START = 3;
  private static final int WHOLE = 4;
  private static final int CREATE = 5;
  private static final int ENSURE = 6;
  private static final int ALTER = 7;
  private static final int DROP = 8;
  private static final int OPEN_EPOCHS = 9;
  private static final int APPOINT = 10;
  private static final int ADVANCE = 11;
  private static final int LOOK = 12;
  private static final int MOVE = 13;
  private static final int PREFER = 14;
  private static final int DRAIN = 15;
  private static final int SUCCEED = 16;
  private static final int COPY_READY = 17;
  private static final int LINK_REGION = 18;
  private static final int UNLINK_REGION = 19;
  private static final int SPAN = 20;

  private final ByteSink sink;

  private CommandFormat(ByteSink sink) {
    this.sink = sink;
  }

  static void put(ByteSink sink, ControlCommand command) {
    command.handle(new CommandFormat(sink));
  }

  static ControlCommand get(ByteSource source) {
    int tag = source.getByte();
    return switch (tag) {
      case FOUND ->
          new ControlCommand.Found(
              source.getLong(), getInt(source), getNumber(source), getOptions(source));
      case REGISTER ->
          new ControlCommand.Register(ControlFormat.getPresence(source), getFlag(source));
      case START -> new ControlCommand.Start(getNode(source), source.getLong(), getNumber(source));
      case WHOLE -> new ControlCommand.Whole(getNode(source), getNumber(source));
      case CREATE ->
          new ControlCommand.Create(
              getText(source),
              getOptions(source),
              getText(source),
              source.getLong(),
              ControlFormat.getOr(source, ControlFormat::getRegions));
      case ENSURE -> new ControlCommand.Ensure(getInt(source));
      case ALTER -> new ControlCommand.Alter(getText(source), getOptions(source), getNodes(source));
      case SPAN ->
          new ControlCommand.Span(
              getText(source),
              source.getLong(),
              ControlFormat.getOr(source, ControlFormat::getRegions));
      case DROP -> new ControlCommand.Drop(getText(source));
      case LOOK -> new ControlCommand.Look();
      case OPEN_EPOCHS ->
          new ControlCommand.OpenEpochs(
              getEpochs(source),
              ControlFormat.getEnum(source, Failover.Cause.values()),
              getNumber(source));
      case APPOINT ->
          new ControlCommand.Appoint(
              getNumber(source),
              ControlFormat.getAll(
                  source, ClusterState.MAX_PARTITIONS, CommandFormat::getAppointment));
      case SUCCEED ->
          new ControlCommand.Succeed(
              getNumber(source),
              getNumber(source),
              ControlFormat.getAll(
                  source, ClusterState.MAX_PARTITIONS, CommandFormat::getSuccession));
      case ADVANCE ->
          new ControlCommand.Advance(getPartitionId(source), getNumber(source), getNumber(source));
      case COPY_READY ->
          new ControlCommand.CopyReady(getNode(source), getPartitionId(source), getNumber(source));
      case MOVE ->
          new ControlCommand.Move(
              getText(source),
              getPartitionOrAll(source),
              getText(source),
              getText(source),
              getNodes(source));
      case PREFER ->
          new ControlCommand.Prefer(getText(source), getPartitionOrAll(source), getText(source));
      case DRAIN -> new ControlCommand.Drain(getText(source), getFlag(source));
      case LINK_REGION ->
          new ControlCommand.LinkRegion(getText(source), ControlFormat.getRegionAddresses(source));
      case UNLINK_REGION -> new ControlCommand.UnlinkRegion(getText(source));
      default ->
          throw new MalformedBytesException("command " + tag + " is not known to this version");
    };
  }

  private static Succession getSuccession(ByteSource source) {
    return new Succession(getNumber(source), getAppointment(source));
  }

  private static Appointment getAppointment(ByteSource source) {
    return new Appointment(
        getPartitionId(source),
        getNumber(source),
        getNode(source),
        getNumber(source),
        getFlag(source),
        getNumber(source));
  }

  private static SortedSet<NodeId> getNodes(ByteSource source) {
    return new TreeSet<>(
        ControlFormat.getAll(source, ClusterState.MAX_NODES, ControlFormat::getNode));
  }

  /** Partitions are counted from 1 here, so 0 is all. */
  private static void putPartitionOrAll(ByteSink sink, Integer partition) {
    sink.putVarint(partition == null ? 0 : partition + 1L);
  }

  private static Integer getPartitionOrAll(ByteSource source) {
    int number = source.getCount(DatabaseSettings.MAX_PARTITIONS);
    return number == 0 ? null : Integer.valueOf(number - 1);
  }

  @Override
  public ByteSink found(ControlCommand.Found command) {
    sink.putByte(FOUND).putLong(command.clusterId()).putVarint(command.expect());
    sink.putVarint(command.leaseMillis());
    putOptions(sink, command.database0());
    return sink;
  }

  @Override
  public ByteSink register(ControlCommand.Register command) {
    putPresence(sink.putByte(REGISTER), command.presence());
    putFlag(sink, command.holderAlive());
    return sink;
  }

  @Override
  public ByteSink start(ControlCommand.Start command) {
    putNode(sink.putByte(START), command.node());
    return sink.putLong(command.claim()).putVarint(command.incarnation());
  }

  @Override
  public ByteSink whole(ControlCommand.Whole command) {
    putNode(sink.putByte(WHOLE), command.node());
    return sink.putVarint(command.incarnation());
  }

  @Override
  public ByteSink create(ControlCommand.Create command) {
    putOptions(sink.putByte(CREATE).putText(command.name()), command.options());
    sink.putText(command.here()).putLong(command.definition());
    ControlFormat.putOr(sink, command.regions(), ControlFormat::putRegions);
    return sink;
  }

  @Override
  public ByteSink ensure(ControlCommand.Ensure command) {
    return sink.putByte(ENSURE).putVarint(command.number());
  }

  @Override
  public ByteSink look(ControlCommand.Look command) {
    return sink.putByte(LOOK);
  }

  @Override
  public ByteSink alter(ControlCommand.Alter command) {
    putOptions(sink.putByte(ALTER).putText(command.name()), command.options());
    putAll(sink, command.away(), ControlFormat::putNode);
    return sink;
  }

  @Override
  public ByteSink span(ControlCommand.Span command) {
    sink.putByte(SPAN).putText(command.name()).putLong(command.definition());
    ControlFormat.putOr(sink, command.regions(), ControlFormat::putRegions);
    return sink;
  }

  @Override
  public ByteSink drop(ControlCommand.Drop command) {
    return sink.putByte(DROP).putText(command.name());
  }

  @Override
  public ByteSink openEpochs(ControlCommand.OpenEpochs command) {
    putEpochs(sink.putByte(OPEN_EPOCHS), command.expected());
    return sink.putByte(command.cause().ordinal()).putVarint(command.atMillis());
  }

  @Override
  public ByteSink appoint(ControlCommand.Appoint command) {
    putAll(
        sink.putByte(APPOINT).putVarint(command.term()),
        command.appointments(),
        CommandFormat::putAppointment);
    return sink;
  }

  @Override
  public ByteSink succeed(ControlCommand.Succeed command) {
    putAll(
        sink.putByte(SUCCEED).putVarint(command.term()).putVarint(command.atMillis()),
        command.successions(),
        (to, each) -> putAppointment(to.putVarint(each.ended()), each.next()));
    return sink;
  }

  private static void putAppointment(ByteSink sink, Appointment appointment) {
    putPartitionId(sink, appointment.partition());
    sink.putVarint(appointment.epoch());
    putNode(sink, appointment.leader());
    sink.putVarint(appointment.incarnation());
    putFlag(sink, appointment.possibleLoss());
    sink.putVarint(appointment.leaderlessMillis());
  }

  @Override
  public ByteSink advance(ControlCommand.Advance command) {
    putPartitionId(sink.putByte(ADVANCE), command.partition());
    return sink.putVarint(command.epoch()).putVarint(command.configVersion());
  }

  @Override
  public ByteSink copyReady(ControlCommand.CopyReady command) {
    putNode(sink.putByte(COPY_READY), command.node());
    putPartitionId(sink, command.partition());
    return sink.putVarint(command.configVersion());
  }

  @Override
  public ByteSink move(ControlCommand.Move command) {
    putPartitionOrAll(sink.putByte(MOVE).putText(command.name()), command.partition());
    putAll(
        sink.putText(command.from()).putText(command.to()), command.away(), ControlFormat::putNode);
    return sink;
  }

  @Override
  public ByteSink prefer(ControlCommand.Prefer command) {
    putPartitionOrAll(sink.putByte(PREFER).putText(command.name()), command.partition());
    return sink.putText(command.node());
  }

  @Override
  public ByteSink drain(ControlCommand.Drain command) {
    putFlag(sink.putByte(DRAIN).putText(command.node()), command.drained());
    return sink;
  }

  @Override
  public ByteSink linkRegion(ControlCommand.LinkRegion command) {
    putAll(
        sink.putByte(LINK_REGION).putText(command.name()),
        command.addresses(),
        ControlFormat::putHostPort);
    return sink;
  }

  @Override
  public ByteSink unlinkRegion(ControlCommand.UnlinkRegion command) {
    return sink.putByte(UNLINK_REGION).putText(command.name());
  }
}
