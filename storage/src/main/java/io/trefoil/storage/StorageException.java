package io.trefoil.storage;

/** Storage can't be opened, read or written. The message says what an operator can do about it. */
public sealed class StorageException extends RuntimeException permits StorageDamaged {
  public StorageException(String message, Throwable cause) {
    super(message, cause);
  }

  public StorageException(String message) {
    super(message);
  }
}
