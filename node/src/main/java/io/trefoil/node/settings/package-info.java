/**
 * What a node is told at its start, and the log it keeps.
 *
 * <p>Reading order: {@link io.trefoil.node.settings.SettingTable} is the one list of settings, from
 * which the errors, the help and the operations page are made; {@link
 * io.trefoil.node.settings.NodeSettings} holds the values and the rules between them; {@link
 * io.trefoil.node.settings.SettingsReader} reads a YAML file and flags into them; {@link
 * io.trefoil.node.settings.NodeLogging} sets up the log.
 */
package io.trefoil.node.settings;
