/**
 * Frames between nodes, over Netty. It knows who is at the other end and in which order bytes
 * arrive; what is in a frame is its users' business.
 *
 * <p>Each node dials every other one, once per {@link io.trefoil.transport.Lane}, and sends only on
 * connections that it dialed. So a connection is one ordered, lossless stream in one direction
 * until it breaks; when it breaks, what was on it may be lost, and its users are told.
 */
package io.trefoil.transport;
