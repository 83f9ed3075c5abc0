package io.trefoil.transport;

import io.netty.buffer.ByteBuf;
import io.trefoil.base.MalformedBytesException;

/**
 * Cuts a stream into frames: four bytes of length, little-endian, then as many bytes. Keeps one
 * array for the life of a connection. The length is checked before memory is taken.
 */
final class FrameDecoder {
  /** Larger than any frame that is sent; a value is bounded far below. */
  static final int MAX_FRAME = 256 << 20;

  private static final int IDLE_CAPACITY = 1 << 20;

  private byte[] array = new byte[64 << 10];
  private int start;
  private int end;
  private int frameOffset;
  private int frameLength;

  /** Takes all readable bytes. */
  void add(ByteBuf bytes) {
    int count = bytes.readableBytes();
    if (end + count > array.length) {
      makeRoom(count);
    }
    bytes.readBytes(array, end, count);
    end += count;
  }

  /** Moves to the next whole frame. False when more bytes are needed. */
  boolean next() {
    if (end - start < 4) {
      return false;
    }
    long length =
        (array[start] & 0xffL)
            | (array[start + 1] & 0xffL) << 8
            | (array[start + 2] & 0xffL) << 16
            | (array[start + 3] & 0xffL) << 24;
    if (length > MAX_FRAME) {
      throw new MalformedBytesException("a frame of " + length + " bytes, at most " + MAX_FRAME);
    }
    if (end - start - 4 < length) {
      return false;
    }
    frameOffset = start + 4;
    frameLength = (int) length;
    start = frameOffset + frameLength;
    return true;
  }

  byte[] array() {
    return array;
  }

  int frameOffset() {
    return frameOffset;
  }

  int frameLength() {
    return frameLength;
  }

  private void makeRoom(int count) {
    int unread = end - start;
    byte[] target = array;
    if (unread + count > array.length) {
      target = new byte[Math.max(unread + count, array.length * 2)];
    } else if (array.length > IDLE_CAPACITY && unread + count < IDLE_CAPACITY / 2) {
      target = new byte[IDLE_CAPACITY];
    }
    System.arraycopy(array, start, target, 0, unread);
    array = target;
    start = 0;
    end = unread;
  }
}
