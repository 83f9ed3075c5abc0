package io.trefoil.storage;

/**
 * What the disk gives back is not what was written. Nothing of it is served from then on, by later
 * processes neither: the copies heal from other replicas.
 */
public final class StorageDamaged extends StorageException {
  StorageDamaged(String message, Throwable cause) {
    super(message, cause);
  }
}
