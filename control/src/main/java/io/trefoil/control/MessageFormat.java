package io.trefoil.control;

import static io.trefoil.control.ControlFormat.getEpochs;
import static io.trefoil.control.ControlFormat.getFlag;
import static io.trefoil.control.ControlFormat.getNode;
import static io.trefoil.control.ControlFormat.getNodeOrNone;
import static io.trefoil.control.ControlFormat.getNumber;
import static io.trefoil.control.ControlFormat.getPartitionId;
import static io.trefoil.control.ControlFormat.putEpochs;
import static io.trefoil.control.ControlFormat.putFlag;
import static io.trefoil.control.ControlFormat.putNode;
import static io.trefoil.control.ControlFormat.putNodeOrNone;
import static io.trefoil.control.ControlFormat.putPartitionId;

import io.trefoil.base.ByteSink;
import io.trefoil.base.ByteSource;
import io.trefoil.base.MalformedBytesException;
import io.trefoil.control.ControlMessage.Fenced;

/** The bytes of a {@link ControlMessage}: a tag, then its components in their order. */
final class MessageFormat implements ControlMessage.ControllerHandler, ControlMessage.NodeHandler {
  private static final int JOIN = 1;
  private static final int STARTED = 2;
  private static final int LEASE_REQUEST = 3;
  private static final int STATE_REQUEST = 4;
  private static final int SUBMIT = 5;
  private static final int SILENCE = 6;
  private static final int STOPPING = 7;
  private static final int RESIGN = 8;
  private static final int FENCE_ANSWER = 9;
  private static final int CHANGE_READY = 10;
  private static final int WHOLE = 11;
  private static final int TERM_ANSWER = 12;
  private static final int OUTCOME = 33;
  private static final int LEASE_REPLY = 34;
  private static final int STATE_REPLY = 35;
  private static final int FENCE_REQUEST = 36;
  private static final int TERM_QUERY = 37;
  private static final int NOT_CONTROLLER = 38;
  private static final int HAND_OVER = 39;
  private static final int NEWER = 40;

  private final ByteSink sink;

  private MessageFormat(ByteSink sink) {
    this.sink = sink;
  }

  static void put(ByteSink sink, ControlMessage message) {
    MessageFormat format = new MessageFormat(sink);
    if (message instanceof ControlMessage.ToController toController) {
      toController.handle(format);
    } else if (message instanceof ControlMessage.ToNode toNode) {
      toNode.handle(format);
    }
  }

  static ControlMessage get(ByteSource source) {
    int tag = source.getByte();
    return switch (tag) {
      case JOIN -> new ControlMessage.Join(ControlFormat.getPresence(source));
      case STARTED ->
          new ControlMessage.Started(getNode(source), source.getLong(), getNumber(source));
      case LEASE_REQUEST ->
          new ControlMessage.LeaseRequest(
              getNode(source), getNumber(source), source.getLong(), getFlag(source));
      case STATE_REQUEST -> new ControlMessage.StateRequest(getNumber(source));
      case SUBMIT -> new ControlMessage.SubmitRequest(CommandFormat.get(source));
      case SILENCE ->
          new ControlMessage.SilenceReport(getNode(source), getNode(source), getNumber(source));
      case STOPPING -> new ControlMessage.Stopping(getNode(source), getNumber(source));
      case RESIGN ->
          new ControlMessage.Resign(getNode(source), getNumber(source), getEpochs(source));
      case FENCE_ANSWER ->
          new ControlMessage.FenceAnswer(
              getNode(source),
              getNumber(source),
              ControlFormat.getAll(source, ClusterState.MAX_PARTITIONS, MessageFormat::getFenced));
      case CHANGE_READY ->
          new ControlMessage.ChangeReady(
              getNode(source), getPartitionId(source), getNumber(source), getNumber(source));
      case WHOLE -> new ControlMessage.WholeReport(getNode(source), getNumber(source));
      case TERM_ANSWER ->
          new ControlMessage.TermAnswer(getNode(source), source.getLong(), getNumber(source));
      case OUTCOME -> new ControlMessage.OutcomeReply(ControlFormat.getOutcome(source));
      case LEASE_REPLY ->
          new ControlMessage.LeaseReply(source.getLong(), getNumber(source), getNumber(source));
      case STATE_REPLY ->
          new ControlMessage.StateReply(getFlag(source) ? ControlFormat.getState(source) : null);
      case FENCE_REQUEST -> new ControlMessage.FenceRequest(getEpochs(source));
      case TERM_QUERY -> new ControlMessage.TermQuery(source.getLong());
      case HAND_OVER ->
          new ControlMessage.HandOverRequest(
              ControlFormat.getAll(
                  source, ClusterState.MAX_PARTITIONS, MessageFormat::getHandOver));
      case NEWER -> new ControlMessage.Newer(getNumber(source));
      case NOT_CONTROLLER ->
          new ControlMessage.NotController(
              getNodeOrNone(source), getFlag(source) ? ControlFormat.getAddresses(source) : null);
      default ->
          throw new MalformedBytesException("message " + tag + " is not known to this version");
    };
  }

  private static Fenced getFenced(ByteSource source) {
    return new Fenced(
        getPartitionId(source),
        getNumber(source),
        ControlFormat.getPosition(source),
        getFlag(source),
        getNumber(source));
  }

  @Override
  public void join(ControlMessage.Join message) {
    ControlFormat.putPresence(sink.putByte(JOIN), message.presence());
  }

  @Override
  public void started(ControlMessage.Started message) {
    putNode(sink.putByte(STARTED), message.node());
    sink.putLong(message.claim()).putVarint(message.incarnation());
  }

  @Override
  public void lease(ControlMessage.LeaseRequest message) {
    putNode(sink.putByte(LEASE_REQUEST), message.node());
    sink.putVarint(message.incarnation()).putLong(message.sentNanos());
    putFlag(sink, message.raftReady());
  }

  @Override
  public void state(ControlMessage.StateRequest message) {
    sink.putByte(STATE_REQUEST).putVarint(message.knownVersion());
  }

  @Override
  public void submit(ControlMessage.SubmitRequest message) {
    CommandFormat.put(sink.putByte(SUBMIT), message.command());
  }

  @Override
  public void silence(ControlMessage.SilenceReport message) {
    putNode(sink.putByte(SILENCE), message.reporter());
    putNode(sink, message.leader());
    sink.putVarint(message.incarnation());
  }

  @Override
  public void stopping(ControlMessage.Stopping message) {
    putNode(sink.putByte(STOPPING), message.node());
    sink.putVarint(message.incarnation());
  }

  @Override
  public void resign(ControlMessage.Resign message) {
    putNode(sink.putByte(RESIGN), message.node());
    putEpochs(sink.putVarint(message.incarnation()), message.epochs());
  }

  @Override
  public void fenceAnswer(ControlMessage.FenceAnswer message) {
    putNode(sink.putByte(FENCE_ANSWER), message.node());
    sink.putVarint(message.incarnation());
    ControlFormat.putAll(sink, message.fenced(), MessageFormat::putFenced);
  }

  private static void putFenced(ByteSink sink, Fenced fenced) {
    putPartitionId(sink, fenced.partition());
    ControlFormat.putPosition(sink.putVarint(fenced.promised()), fenced.position());
    putFlag(sink, fenced.counts());
    sink.putVarint(fenced.logTimeMillis());
  }

  @Override
  public void ready(ControlMessage.ChangeReady message) {
    putNode(sink.putByte(CHANGE_READY), message.node());
    putPartitionId(sink, message.partition());
    sink.putVarint(message.epoch()).putVarint(message.configVersion());
  }

  @Override
  public void whole(ControlMessage.WholeReport message) {
    putNode(sink.putByte(WHOLE), message.node());
    sink.putVarint(message.incarnation());
  }

  @Override
  public void term(ControlMessage.TermAnswer message) {
    putNode(sink.putByte(TERM_ANSWER), message.voter());
    sink.putLong(message.askedNanos()).putVarint(message.term());
  }

  @Override
  public void outcome(ControlMessage.OutcomeReply message) {
    ControlFormat.putOutcome(sink.putByte(OUTCOME), message.outcome());
  }

  @Override
  public void lease(ControlMessage.LeaseReply message) {
    sink.putByte(LEASE_REPLY).putLong(message.sentNanos());
    sink.putVarint(message.grantedNanos()).putVarint(message.stateVersion());
  }

  @Override
  public void state(ControlMessage.StateReply message) {
    putFlag(sink.putByte(STATE_REPLY), message.state() != null);
    if (message.state() != null) {
      ControlFormat.putState(sink, message.state());
    }
  }

  @Override
  public void fence(ControlMessage.FenceRequest message) {
    putEpochs(sink.putByte(FENCE_REQUEST), message.epochs());
  }

  @Override
  public void handOver(ControlMessage.HandOverRequest message) {
    ControlFormat.putAll(sink.putByte(HAND_OVER), message.partitions(), MessageFormat::putHandOver);
  }

  private static void putHandOver(ByteSink sink, ControlMessage.HandOver handOver) {
    putPartitionId(sink, handOver.partition());
    putNode(sink.putVarint(handOver.epoch()), handOver.to());
  }

  private static ControlMessage.HandOver getHandOver(ByteSource source) {
    return new ControlMessage.HandOver(getPartitionId(source), getNumber(source), getNode(source));
  }

  @Override
  public void newer(ControlMessage.Newer message) {
    sink.putByte(NEWER).putVarint(message.version());
  }

  @Override
  public void term(ControlMessage.TermQuery message) {
    sink.putByte(TERM_QUERY).putLong(message.askedNanos());
  }

  @Override
  public void notController(ControlMessage.NotController message) {
    putNodeOrNone(sink.putByte(NOT_CONTROLLER), message.controller());
    putFlag(sink, message.at() != null);
    if (message.at() != null) {
      ControlFormat.putAddresses(sink, message.at());
    }
  }
}
