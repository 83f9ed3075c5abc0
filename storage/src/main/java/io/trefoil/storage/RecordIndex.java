package io.trefoil.storage;

/** Where the newest records of keys, or of fields, are found and replaced. */
interface RecordIndex {
  /** Whether the record is the newest of its key or field; the others of this then mean it. */
  boolean findHandle(int handle);

  /** Puts another record in the place of the one found last. */
  void replaceFound(int handle);

  /** Removes the record found last. */
  void removeFound();
}
