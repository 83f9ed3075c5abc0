/**
 * The loops inside a node, measured by themselves with JMH: {@code ./trefoil bench --inner}. They
 * say where time goes, not how fast the database is. All others in this module know nothing of a
 * node's classes.
 */
package io.trefoil.bench.inner;
