'use strict';

// What ioredis is chosen for, against three nodes whose ports are the arguments. Says what failed, and
// ends with 1 then. IoredisTest runs it.

const assert = require('node:assert/strict');
const { once } = require('node:events');
const Redis = require('ioredis');

const [first, second, third] = process.argv.slice(2).map(Number);
const clients = [];

function connect(port, options = {}) {
  const client = new Redis({ host: '127.0.0.1', port, ...options });
  client.on('error', () => {}); // a connection that breaks is a check's own business
  clients.push(client);
  return client;
}

/** Waits until something asynchronous is true; IoredisTest ends who waits in vain. */
async function until(condition) {
  while (!(await condition())) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function all(stream) {
  const batches = [];
  for await (const batch of stream) {
    batches.push(...batch);
  }
  return batches;
}

const numbers = (count) => Array.from({ length: count }, (_, i) => i);

const checks = {
  async 'it is ready when the node says that it has loaded'() {
    const redis = connect(first);
    const early = redis.set('early', '1'); // waits in the client's queue
    await once(redis, 'ready');
    assert.equal(await early, 'OK');
    assert.match(await redis.info('persistence'), /loading:0/);
  },

  async 'objects become hashes and hashes objects'() {
    const redis = connect(second);
    assert.equal(await redis.hset('user', { name: 'Ann', visits: 41 }), 2);
    assert.equal(await redis.hset('user', new Map([['town', 'Ulm']])), 1);
    assert.equal(await redis.hincrby('user', 'visits', 1), 42);
    assert.deepEqual(await redis.hgetall('user'), { name: 'Ann', visits: '42', town: 'Ulm' });
    assert.deepEqual(await redis.hgetall('nobody'), {});
    assert.equal(await redis.mset({ a: 1, b: 2, c: 3 }), 'OK');
    assert.deepEqual(await redis.mget('a', 'none', 'c'), ['1', null, '3']);
  },

  async 'buffers come back as they were'() {
    const redis = connect(third);
    const bytes = Buffer.from(numbers(256));
    await redis.set(bytes, bytes);
    assert.deepEqual(await redis.getBuffer(bytes), bytes);
    await redis.hset('bytes', { all: bytes });
    assert.deepEqual((await redis.hgetallBuffer('bytes')).all, bytes);
    await redis.rpush('list of bytes', bytes, 'text');
    assert.deepEqual(await redis.lrangeBuffer('list of bytes', 0, -1), [bytes, Buffer.from('text')]);
  },

  async 'replies have their types'() {
    const redis = connect(first);
    assert.equal(await redis.set('once', '1', 'EX', 100, 'NX'), 'OK');
    assert.equal(await redis.set('once', '2', 'EX', 100, 'NX'), null);
    await redis.zadd('ranking', 1.5, 'ann', 'inf', 'bob');
    assert.deepEqual(await redis.zrange('ranking', 0, -1, 'WITHSCORES'), ['ann', '1.5', 'bob', 'inf']);
    assert.equal(await redis.zscore('ranking', 'nobody'), null);
    await redis.sadd('{tags}a', 'x', 'y');
    await redis.sadd('{tags}b', 'y', 'z');
    assert.deepEqual(await redis.sinter('{tags}a', '{tags}b'), ['y']);
    await assert.rejects(redis.lpush('ranking', 'x'), { name: 'ReplyError', message: /^WRONGTYPE / });
    await assert.rejects(redis.call('NOSUCH', 'a'), /ERR unknown command 'NOSUCH', with args beginning with: 'a' /);
  },

  async 'a pipeline gives each command its own reply or error'() {
    const pipeline = connect(second).pipeline();
    numbers(500).forEach((i) => pipeline.set(`piped-${i}`, i).get(`piped-${i}`));
    pipeline.lpush('piped-0', 'no list');
    const replies = await pipeline.exec();
    assert.equal(replies.length, 1001);
    numbers(500).forEach((i) => assert.deepEqual(replies[2 * i + 1], [null, String(i)]));
    assert.match(replies[1000][0].message, /^WRONGTYPE/);
  },

  async 'commands of one tick go in one pipeline'() {
    const redis = connect(third, { enableAutoPipelining: true });
    await once(redis, 'ready');
    const writes = numbers(500).map((i) => redis.set(`tick-${i}`, i));
    assert.equal(redis.autoPipelineQueueSize, 500);
    await Promise.all(writes);
    const values = await Promise.all(numbers(500).map((i) => redis.get(`tick-${i}`)));
    assert.deepEqual(values, numbers(500).map(String));
  },

  async 'a transaction runs unless what it watches was changed'() {
    const redis = connect(first);
    const other = connect(third);
    await redis.set('{t}left', 5);
    const [left, failed, read] = await redis.multi().decr('{t}left').lpush('{t}left', 'x').get('{t}left').exec();
    assert.deepEqual([left, read], [[null, 4], [null, '4']]);
    assert.match(failed[0].message, /^WRONGTYPE/);
    await redis.watch('{t}left');
    await other.decr('{t}left');
    assert.equal(await redis.multi().set('{t}left', 9).exec(), null);
    assert.equal(await redis.get('{t}left'), '3');
    await redis.multi({ pipeline: false });
    assert.equal(await redis.incr('{t}left'), 'QUEUED');
    assert.deepEqual(await redis.exec(), [[null, 4]]);
    await assert.rejects(redis.multi().get('x').set('x').exec(), /EXECABORT/);
  },

  async 'who subscribes hears what is published at another node'() {
    const subscriber = connect(first);
    const publisher = connect(third);
    const heard = [];
    subscriber.on('message', (channel, message) => heard.push([channel, message]));
    subscriber.on('pmessage', (pattern, channel, message) => heard.push([pattern, channel, message]));
    assert.equal(await subscriber.subscribe('news', 'sport'), 2);
    assert.equal(await subscriber.psubscribe('weather.*'), 3);
    assert.equal(await publisher.publish('news', 'a'), 1);
    assert.equal(await publisher.publish('weather.here', 'b'), 1);
    await until(() => heard.length === 2);
    assert.deepEqual(heard, [['news', 'a'], ['weather.*', 'weather.here', 'b']]);
    await subscriber.unsubscribe('news', 'sport');
    await subscriber.punsubscribe('weather.*');
    assert.equal(await subscriber.get('none'), null, 'it takes commands again');
  },

  async 'who waits gets what is pushed at another node'() {
    const waiting = connect(first);
    const working = connect(second);
    const admin = connect(first);
    const popped = waiting.blpop('jobs', 0);
    await until(async () => / flags=b .* cmd=blpop /.test(await admin.client('LIST')));
    assert.equal(await working.rpush('jobs', 'sweep', 'wash'), 2);
    assert.deepEqual(await popped, ['jobs', 'sweep']);
    assert.deepEqual(await waiting.blpop('{jobs}none', 'jobs', 0), ['jobs', 'wash']);
    assert.equal(await waiting.blpop('none', 0.01), null);
  },

  async 'streams scan all there is'() {
    const redis = connect(second);
    await Promise.all(numbers(300).map((i) => redis.sadd(`scanned-${i}`, i)));
    await redis.hset('large hash', Object.fromEntries(numbers(300).map((i) => [`f${i}`, i])));
    await redis.zadd('large set', ...numbers(300).flatMap((i) => [i / 2, `m${i}`]));
    const keys = await all(redis.scanStream({ match: 'scanned-*', type: 'set', count: 50 }));
    assert.deepEqual(new Set(keys), new Set(numbers(300).map((i) => `scanned-${i}`)));
    assert.equal(new Set(keys).size, keys.length);
    const fields = await all(redis.hscanStream('large hash', { count: 50 }));
    assert.equal(fields.length, 600);
    const members = await all(redis.zscanStream('large set', { match: 'm1*', count: 50 }));
    assert.ok(members.includes('m150') && members.includes('75') && !members.includes('m250'));
  },

  async 'a prefix is of all keys'() {
    const redis = connect(third, { keyPrefix: 'app:' });
    await redis.mset('{k}a', 1, '{k}b', 2);
    assert.deepEqual(await connect(first).mget('app:{k}a', 'app:{k}b'), ['1', '2']);
    assert.equal(await redis.del('{k}a', '{k}b'), 2);
  },

  async 'a connection that broke comes back with its database and its subscriptions'() {
    const redis = connect(second, { db: 1 });
    const subscriber = connect(second);
    await redis.set('kept', '1');
    let heard;
    subscriber.on('message', (channel, message) => (heard = message));
    const id = await subscriber.client('ID');
    await subscriber.subscribe('again');
    const admin = connect(second);
    await admin.client('KILL', 'ID', id);
    await admin.client('KILL', 'ID', await redis.client('ID'));
    assert.equal(await redis.get('kept'), '1');
    assert.equal(await admin.get('kept'), null);
    await until(async () => (await admin.publish('again', 'here')) === 1);
    await until(() => heard === 'here');
  },

  // Any node takes any key: the plain client is the one to use.
  async 'a cluster client is told that there is no Redis Cluster'() {
    const nodes = [first, second, third].map((port) => ({ host: '127.0.0.1', port }));
    const cluster = new Redis.Cluster(nodes, { clusterRetryStrategy: () => null });
    clients.push(cluster);
    const [error] = await once(cluster, 'error');
    assert.match(String(error.lastNodeError ?? error), /cluster support disabled/);
  },
};

async function main() {
  let failed = 0;
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      console.log(`ok: ${name}`);
    } catch (error) {
      failed++;
      console.log(`FAILED: ${name}\n${error.stack}`);
    }
    clients.splice(0).forEach((client) => client.disconnect());
  }
  console.log(`${Object.keys(checks).length} checks, ${failed} failed`);
  process.exit(failed > 0 ? 1 : 0);
}

main();
