package io.trefoil.base;

/**
 * A partition: slots of one database that move together, the unit of order.
 *
 * @param database the database's id; never used again after a drop, unlike its number
 * @param number from 0
 */
public record PartitionId(int database, int number) implements Comparable<PartitionId> {
  @Override
  public int compareTo(PartitionId other) {
    int byDatabase = Integer.compare(database, other.database);
    return byDatabase != 0 ? byDatabase : Integer.compare(number, other.number);
  }

  @Override
  public String toString() {
    return database + "/" + number;
  }
}
