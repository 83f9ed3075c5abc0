package io.trefoil.storage;

/** A cell as it was read from the disk. */
record OnDisk(byte[] diskKey, byte[] stored) {}
