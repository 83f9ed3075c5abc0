package io.trefoil.node.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.cache.Cache;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.cache.BatchStrategies;
import org.springframework.data.redis.cache.BatchStrategy;
import org.springframework.data.redis.cache.RedisCacheConfiguration;
import org.springframework.data.redis.cache.RedisCacheManager;
import org.springframework.data.redis.cache.RedisCacheWriter;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.connection.RedisConnection;
import org.springframework.data.redis.connection.RedisStandaloneConfiguration;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.Cursor;
import org.springframework.data.redis.core.DefaultTypedTuple;
import org.springframework.data.redis.core.RedisOperations;
import org.springframework.data.redis.core.RedisTemplate;
import org.springframework.data.redis.core.ScanOptions;
import org.springframework.data.redis.core.SessionCallback;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.PatternTopic;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.data.redis.support.atomic.RedisAtomicLong;
import org.springframework.session.FindByIndexNameSessionRepository;
import org.springframework.session.Session;
import org.springframework.session.SessionRepository;
import org.springframework.session.data.redis.RedisIndexedSessionRepository;
import org.springframework.session.data.redis.RedisSessionRepository;
import org.springframework.session.data.redis.config.ConfigureNotifyKeyspaceEventsAction;
import org.springframework.session.events.SessionCreatedEvent;
import redis.clients.jedis.Jedis;

/**
 * Spring's cache, templates and sessions, by Spring Data Redis and Spring Session over Lettuce, as
 * an application gets them when it names a node and nothing else.
 */
@Tag("slow")
class SpringTest {
  @TempDir private static Path folder;
  private static ClusterProcesses cluster;
  private static int ofSessions;
  private static LettuceConnectionFactory connections;
  private static StringRedisTemplate template;
  private static LettuceConnectionFactory sessionConnections;

  @BeforeAll
  static void startNode() {
    cluster = ClusterProcesses.start(folder, 1);
    ofSessions = cluster.createDatabase("sessions", "PARTITIONS", "1");
    connections = connect(0);
    template = new StringRedisTemplate(connections);
    sessionConnections = connect(ofSessions);
  }

  @AfterAll
  static void stopNode() {
    Stream.of(connections, sessionConnections)
        .filter(each -> each != null)
        .forEach(LettuceConnectionFactory::destroy);
    cluster.close();
  }

  @BeforeEach
  void emptyDatabases() {
    try (RedisConnection connection = connections.getConnection()) {
      connection.serverCommands().flushAll();
    }
  }

  private static LettuceConnectionFactory connect(int database) {
    RedisStandaloneConfiguration node =
        new RedisStandaloneConfiguration("127.0.0.1", cluster.node(1).clientPort());
    node.setDatabase(database);
    LettuceConnectionFactory factory = new LettuceConnectionFactory(node);
    factory.afterPropertiesSet();
    factory.start();
    return factory;
  }

  // The cache.

  private static RedisCacheManager caches(
      BatchStrategy clearing, RedisCacheConfiguration configuration) {
    RedisCacheWriter writer =
        RedisCacheWriter.create(
            connections,
            options -> options.enableLocking().immediateWrites().batchStrategy(clearing));
    RedisCacheManager caches =
        RedisCacheManager.builder(writer).cacheDefaults(configuration).build();
    caches.afterPropertiesSet();
    return caches;
  }

  private static Cache cache(String name, RedisCacheConfiguration configuration) {
    return caches(BatchStrategies.keys(), configuration).getCache(name);
  }

  private static RedisCacheConfiguration defaults() {
    return RedisCacheConfiguration.defaultCacheConfig();
  }

  @Test
  void a_cache_keeps_what_is_put_and_loads_what_is_not_there() throws Exception {
    Cache cache = cache("books", defaults());
    cache.put("1", "Moby Dick");
    assertThat(cache.get("1", String.class)).isEqualTo("Moby Dick");
    assertThat(cache.get("2")).isNull();
    assertThat(cache.putIfAbsent("1", "another").get()).isEqualTo("Moby Dick");
    assertThat(cache.putIfAbsent("2", "Emma")).isNull();
    cache.put("nothing", null);
    assertThat(cache.get("nothing").get()).as("a null is kept, too").isNull();
    AtomicInteger loads = new AtomicInteger();
    for (int i = 0; i < 3; i++) {
      assertThat(cache.get("3", () -> "loaded " + loads.incrementAndGet())).isEqualTo("loaded 1");
    }
    assertThat(cache.retrieve("2").get(ClusterProcesses.DEADLINE_SECONDS, TimeUnit.SECONDS))
        .extracting(found -> ((Cache.ValueWrapper) found).get())
        .isEqualTo("Emma");
    assertThat(cache.evictIfPresent("1")).isTrue();
    assertThat(cache.evictIfPresent("1")).isFalse();
    assertThat(cache.get("1")).isNull();
    assertThat(template.keys("*"))
        .containsExactlyInAnyOrder("books::2", "books::3", "books::nothing");
  }

  static List<BatchStrategy> batchStrategies() {
    return List.of(BatchStrategies.keys(), BatchStrategies.scan(50));
  }

  @ParameterizedTest
  @MethodSource("batchStrategies")
  void a_cache_is_cleared_whole_and_alone(BatchStrategy strategy) {
    RedisCacheManager caches = caches(strategy, defaults());
    Cache cleared = caches.getCache("cleared");
    Cache other = caches.getCache("other");
    for (int i = 0; i < 300; i++) {
      cleared.put(i, "x");
      other.put(i, "x");
    }
    cleared.clear();
    assertThat(template.keys("cleared*")).isEmpty();
    assertThat(template.keys("other*")).hasSize(300);
    assertThat(other.invalidate()).isTrue();
    assertThat(template.keys("*")).isEmpty();
  }

  /** As it is when nobody asks for anything else. */
  @Test
  void a_cache_that_does_not_wait_for_its_writes_has_them_some_time_later() {
    RedisCacheManager caches = RedisCacheManager.create(connections);
    caches.afterPropertiesSet();
    Cache cache = caches.getCache("later");
    for (int i = 0; i < 100; i++) {
      cache.put(i, "v" + i);
    }
    ClusterProcesses.await("all is there", () -> template.keys("later::*").size() == 100);
    assertThat(cache.get(99, String.class)).isEqualTo("v99");
    cache.clear();
    ClusterProcesses.await("nothing is there", () -> template.keys("*").isEmpty());
  }

  @Test
  void what_is_cached_expires_and_is_kept_while_it_is_read() {
    Cache lasting = cache("lasting", defaults().entryTtl(Duration.ofMinutes(10)));
    lasting.put("k", "v");
    assertThat(template.getExpire("lasting::k")).isBetween(1L, 600L);

    Cache idle = cache("idle", defaults().entryTtl(Duration.ofMinutes(10)).enableTimeToIdle());
    idle.put("k", "v");
    template.expire("idle::k", Duration.ofMinutes(1));
    assertThat(idle.get("k", String.class)).isEqualTo("v");
    assertThat(template.getExpire("idle::k")).as("anew").isGreaterThan(60);

    Cache brief = cache("brief", defaults().entryTtl(Duration.ofMillis(50)));
    brief.put("k", "v");
    ClusterProcesses.await("it expires", () -> brief.get("k") == null);
  }

  @Test
  void who_writes_to_a_locked_cache_waits() {
    Cache cache = cache("locked", defaults());
    template.opsForValue().set("locked~lock", "somebody's");
    CompletableFuture<Void> put = CompletableFuture.runAsync(() -> cache.put("k", "v"));
    ClusterProcesses.await(
        "it looks at the lock",
        () -> {
          try (Jedis admin = ClusterProcesses.client(cluster.node(1))) {
            return admin.clientList().contains("cmd=exists");
          }
        });
    assertThat(template.hasKey("locked::k")).isFalse();
    template.delete("locked~lock");
    put.join();
    assertThat(template.hasKey("locked::k")).isTrue();
  }

  // Templates.

  @Test
  void templates_run_the_commands_of_every_type() {
    var values = template.opsForValue();
    values.set("token", "t", Duration.ofMinutes(5));
    assertThat(template.getExpire("token")).isBetween(1L, 300L);
    assertThat(values.setIfAbsent("token", "u")).isFalse();
    assertThat(values.increment("visits", 41)).isEqualTo(41);
    assertThat(values.increment("visits", 0.5)).isEqualTo(41.5);
    assertThat(values.multiGet(List.of("token", "none", "visits")))
        .containsExactly("t", null, "41.5");
    assertThat(new RedisAtomicLong("atomic", connections, 7).incrementAndGet()).isEqualTo(8);

    var hashes = template.<String, String>opsForHash();
    hashes.putAll("user", Map.of("name", "Ann", "town", "Ulm"));
    assertThat(hashes.entries("user")).isEqualTo(Map.of("name", "Ann", "town", "Ulm"));
    assertThat(hashes.increment("user", "logins", 2)).isEqualTo(2);
    assertThat(hashes.multiGet("user", List.of("name", "none"))).containsExactly("Ann", null);

    var lists = template.opsForList();
    lists.leftPushAll("jobs", "a", "b", "c");
    assertThat(lists.range("jobs", 0, -1)).containsExactly("c", "b", "a");
    assertThat(lists.rightPop("jobs", Duration.ofSeconds(1))).isEqualTo("a");
    assertThat(lists.remove("jobs", 1, "b")).isEqualTo(1);

    var sets = template.opsForSet();
    sets.add("{tags}a", "x", "y");
    sets.add("{tags}b", "y", "z");
    assertThat(sets.intersect("{tags}a", "{tags}b")).containsExactly("y");
    assertThat(sets.isMember("{tags}a", "x", "z")).isEqualTo(Map.of("x", true, "z", false));

    var ranking = template.opsForZSet();
    ranking.add(
        "ranking",
        Set.of(new DefaultTypedTuple<>("ann", 1.0), new DefaultTypedTuple<>("bob", 2.0)));
    assertThat(ranking.incrementScore("ranking", "ann", 1.5)).isEqualTo(2.5);
    assertThat(ranking.reverseRangeWithScores("ranking", 0, 0))
        .containsExactly(new DefaultTypedTuple<>("ann", 2.5));
    assertThat(ranking.rangeByScore("ranking", 2, 3)).containsExactly("bob", "ann");
    assertThat(ranking.popMin("ranking")).isEqualTo(new DefaultTypedTuple<>("bob", 2.0));
  }

  @Test
  void templates_pipeline_and_scan() {
    List<Object> replies =
        template.executePipelined(
            new SessionCallback<>() {
              @Override
              @SuppressWarnings("unchecked") // it is this template's own
              public <K, V> Object execute(RedisOperations<K, V> operations) {
                RedisOperations<String, String> strings =
                    (RedisOperations<String, String>) operations;
                for (int i = 0; i < 300; i++) {
                  strings.opsForValue().set("key-" + i, "v" + i);
                  strings.opsForHash().put("hash", "f" + i, "v");
                }
                strings.opsForValue().get("key-299");
                return null;
              }
            });
    assertThat(replies).hasSize(601).last().isEqualTo("v299");
    Set<String> seen = new TreeSet<>();
    ScanOptions options = ScanOptions.scanOptions().match("key-*").count(50).build();
    try (Cursor<String> cursor = template.scan(options)) {
      cursor.forEachRemaining(seen::add);
    }
    assertThat(seen).hasSize(300);
    try (Cursor<Map.Entry<Object, Object>> cursor =
        template.opsForHash().scan("hash", ScanOptions.scanOptions().count(50).build())) {
      assertThat(cursor.stream().map(Map.Entry::getKey).distinct()).hasSize(300);
    }
  }

  @Test
  void a_transaction_of_a_session_runs_unless_what_it_watches_was_changed() {
    template.opsForValue().set("{stock}left", "5");
    assertThat(take(() -> template.opsForValue().set("{stock}left", "4"))).isEmpty();
    assertThat(template.hasKey("{stock}taken")).isFalse();
    assertThat(take(() -> {})).containsExactly(3L, 1L);
    assertThat(template.opsForList().range("{stock}taken", 0, -1)).containsExactly("one");
  }

  /** Takes one of what is left, in a transaction before which something else happens. */
  private static List<Object> take(Runnable before) {
    return template.execute(
        new SessionCallback<List<Object>>() {
          @Override
          @SuppressWarnings("unchecked") // it is this template's own
          public <K, V> List<Object> execute(RedisOperations<K, V> operations) {
            RedisOperations<String, String> strings = (RedisOperations<String, String>) operations;
            strings.watch("{stock}left");
            CompletableFuture.runAsync(before).join();
            strings.multi();
            strings.opsForValue().decrement("{stock}left");
            strings.opsForList().rightPush("{stock}taken", "one");
            return strings.exec();
          }
        });
  }

  @Test
  void a_container_hands_messages_to_its_listeners() throws Exception {
    BlockingQueue<String> heard = new LinkedBlockingQueue<>();
    MessageListener listener =
        (message, pattern) -> heard.add(new String(message.getChannel(), UTF_8) + " " + message);
    RedisMessageListenerContainer container = container(connections);
    try {
      container.addMessageListener(listener, ChannelTopic.of("news"));
      container.addMessageListener(listener, PatternTopic.of("weather.*"));
      container.start();
      ClusterProcesses.await(
          "a subscriber of the channel", () -> template.convertAndSend("news", "1") == 1);
      assertThat(heard.poll(ClusterProcesses.DEADLINE_SECONDS, TimeUnit.SECONDS))
          .isEqualTo("news 1");
      ClusterProcesses.await(
          "a subscriber of the pattern", () -> template.convertAndSend("weather.here", "2") == 1);
      assertThat(heard.poll(ClusterProcesses.DEADLINE_SECONDS, TimeUnit.SECONDS))
          .isEqualTo("weather.here 2");
    } finally {
      container.destroy();
    }
  }

  private static RedisMessageListenerContainer container(LettuceConnectionFactory factory) {
    RedisMessageListenerContainer container = new RedisMessageListenerContainer();
    container.setConnectionFactory(factory);
    container.afterPropertiesSet();
    return container;
  }

  // Sessions.

  private static RedisTemplate<String, Object> sessionTemplate(LettuceConnectionFactory factory) {
    RedisTemplate<String, Object> sessions = new RedisTemplate<>();
    sessions.setConnectionFactory(factory);
    sessions.setKeySerializer(RedisSerializer.string());
    sessions.setHashKeySerializer(RedisSerializer.string());
    sessions.afterPropertiesSet();
    return sessions;
  }

  @Test
  void a_session_is_saved_found_renamed_and_deleted() {
    RedisTemplate<String, Object> stored = sessionTemplate(sessionConnections);
    checkSession(new RedisSessionRepository(stored));
    assertThat(stored.keys("*")).isEmpty();
  }

  private static <S extends Session> void checkSession(SessionRepository<S> repository) {
    S session = repository.createSession();
    String first = session.getId();
    session.setMaxInactiveInterval(Duration.ofMinutes(10));
    session.setAttribute("cart", "a book");
    repository.save(session);

    S found = repository.findById(first);
    assertThat(found.<String>getAttribute("cart")).isEqualTo("a book");
    assertThat(found.getMaxInactiveInterval()).isEqualTo(Duration.ofMinutes(10));
    found.setAttribute("cart", "two books");
    String renamed = found.changeSessionId();
    repository.save(found);
    assertThat(repository.findById(first)).isNull();
    assertThat(repository.findById(renamed).<String>getAttribute("cart")).isEqualTo("two books");

    repository.deleteById(renamed);
    assertThat(repository.findById(renamed)).isNull();
  }

  private static RedisIndexedSessionRepository indexed() {
    RedisIndexedSessionRepository repository =
        new RedisIndexedSessionRepository(sessionTemplate(sessionConnections));
    repository.setDatabase(ofSessions);
    return repository;
  }

  @Test
  void an_indexed_session_is_found_by_its_principal_under_each_id() {
    RedisIndexedSessionRepository repository = indexed();
    checkSession(repository);
    RedisIndexedSessionRepository.RedisSession session = repository.createSession();
    session.setAttribute(FindByIndexNameSessionRepository.PRINCIPAL_NAME_INDEX_NAME, "ann");
    repository.save(session);
    assertThat(repository.findByPrincipalName("ann")).containsOnlyKeys(session.getId());
    assertThat(repository.findByPrincipalName("bob")).isEmpty();
    String renamed = session.changeSessionId();
    repository.save(session);
    assertThat(repository.findByPrincipalName("ann")).containsOnlyKeys(renamed);
    session.setAttribute(FindByIndexNameSessionRepository.PRINCIPAL_NAME_INDEX_NAME, "bob");
    repository.save(session);
    assertThat(repository.findByPrincipalName("ann")).isEmpty();
    assertThat(repository.findByPrincipalName("bob")).containsOnlyKeys(renamed);
    repository.cleanUpExpiredSessions();
    repository.deleteById(renamed);
    assertThat(repository.findByPrincipalName("bob")).isEmpty();
  }

  @Test
  void who_listens_is_told_of_a_new_session() throws Exception {
    BlockingQueue<Object> events = new LinkedBlockingQueue<>();
    RedisIndexedSessionRepository repository = indexed();
    repository.setApplicationEventPublisher(events::add);
    RedisMessageListenerContainer container = container(sessionConnections);
    try {
      container.addMessageListener(
          repository, PatternTopic.of(repository.getSessionCreatedChannelPrefix() + "*"));
      container.start();
      try (Jedis admin = ClusterProcesses.client(cluster.node(1))) {
        ClusterProcesses.await("it listens", () -> admin.pubsubNumPat() == 1);
      }
      Session session = repository.createSession();
      repository.save((RedisIndexedSessionRepository.RedisSession) session);
      assertThat(events.poll(ClusterProcesses.DEADLINE_SECONDS, TimeUnit.SECONDS))
          .isInstanceOfSatisfying(
              SessionCreatedEvent.class,
              event -> assertThat(event.getSessionId()).isEqualTo(session.getId()));
    } finally {
      container.destroy();
    }
  }

  /** Sessions that get new ids want a database of one partition, as the page about clients says. */
  @Test
  void a_session_does_not_move_to_another_partition() {
    RedisSessionRepository repository = new RedisSessionRepository(sessionTemplate(connections));
    assertThatThrownBy(() -> IntStream.range(0, 100).forEach(i -> saveAndRename(repository)))
        .isInstanceOf(DataAccessException.class)
        .hasStackTraceContaining("CROSSSLOT");
  }

  private static <S extends Session> void saveAndRename(SessionRepository<S> repository) {
    S session = repository.createSession();
    repository.save(session);
    session.changeSessionId();
    repository.save(session);
  }

  /** There are no keyspace notifications, and an application that needs them learns it at start. */
  @Test
  void notifications_of_keys_are_refused() {
    try (RedisConnection connection = sessionConnections.getConnection()) {
      assertThatThrownBy(() -> new ConfigureNotifyKeyspaceEventsAction().configure(connection))
          .isInstanceOf(DataAccessException.class)
          .hasStackTraceContaining("ERR CONFIG SET failed")
          .hasStackTraceContaining("notify-keyspace-events");
    }
  }
}
