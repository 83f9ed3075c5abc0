package io.trefoil.command;

import io.trefoil.base.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;

/** What commands on a connection need from the node. Called by the threads of connections. */
public interface Server {
  /** The version of Redis whose replies are given. */
  String REDIS_VERSION = "7.0.15";

  Clock clock();

  /** Whether clients must log in. */
  boolean passwordRequired();

  /** Whether a user and password are right. The only user is {@code default}. */
  boolean authenticate(String user, byte[] password);

  /**
   * The number of the database that {@code SELECT} names by number or name, if it may be selected.
   */
  OptionalInt database(String numberOrName);

  /**
   * What the node is to a session's database, in Redis's words: {@code master} or {@code replica}.
   */
  String role(Session session);

  /**
   * The text of {@code INFO}.
   *
   * @param sections as the client wrote them; none means the default ones
   */
  String info(List<String> sections, Session session);

  /** Every setting that {@code CONFIG GET} shows, by its name in small letters. */
  SortedMap<String, String> settings();

  /**
   * Changes settings, all or none.
   *
   * @param changes new values by names that are in {@link #settings()}
   * @return why not, or empty when done
   */
  Optional<RefusedSetting> changeSettings(Map<String, String> changes);

  /** Sets the counters that {@code INFO} shows to zero. */
  void resetStatistics();

  /** The sessions of all connections, in the order of their ids. See {@link Session} on threads. */
  List<Session> sessions();

  /** Closes the connection of a session other than the caller's. */
  void close(Session session);

  /**
   * Ends the wait of a session's command.
   *
   * @param error whether it ends with an error; else as if its time were over
   * @return whether it waited
   */
  boolean unblock(Session session, boolean error);

  /** Ends all that a session has subscribed to, without a word to its client. */
  void leaveChannels(Session session);

  /** A setting that can't be changed so, and why. */
  record RefusedSetting(String name, String reason) {}
}
