/**
 * The client that measures: threads with selectors, a few connections each, and no object made for
 * a request. Only the bytes differ between peers, so that none pays for a heavier client. Begin
 * with {@link io.trefoil.bench.load.Load}, then {@link io.trefoil.bench.load.Loop}.
 */
package io.trefoil.bench.load;
