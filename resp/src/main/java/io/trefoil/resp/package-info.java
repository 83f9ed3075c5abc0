/**
 * The Redis serialization protocol, versions 2 and 3, as pure functions of bytes.
 *
 * <p>Reading order: {@link io.trefoil.resp.RespParser} turns a client's bytes into {@link
 * io.trefoil.resp.Args}, {@link io.trefoil.resp.ReplyWriter} writes what goes back; {@link
 * io.trefoil.resp.Reply} and {@link io.trefoil.resp.ReplyReader} are the other side, for clients
 * and for gathering replies. Nothing here knows sockets or threads.
 *
 * @see <a href="https://redis.io/docs/latest/develop/reference/protocol-spec/">RESP</a>
 */
package io.trefoil.resp;
