/**
 * What a node shows over HTTP to those who watch it: metrics, and whether it is alive and ready.
 *
 * <p>Reading order: {@link io.trefoil.node.http.MetricTable} is the one list of metrics, from which
 * the exposition and the operations page are made; {@link io.trefoil.node.http.NodeMetrics} holds
 * or polls their values; {@link io.trefoil.node.http.HttpServer} serves them.
 *
 * @see <a href="https://prometheus.io/docs/instrumenting/exposition_formats/">Prometheus text
 *     format</a>
 */
package io.trefoil.node.http;
