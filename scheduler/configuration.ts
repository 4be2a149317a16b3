/** What a scheduler can be told, in the shape of upstream's KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1). */

export interface KubeSchedulerConfiguration {
  /** Default for all profiles; 0 (the default) follows from the number of nodes. */
  percentageOfNodesToScore?: number;
  /** Default 1. */
  podInitialBackoffSeconds?: number;
  /** Default 10. */
  podMaxBackoffSeconds?: number;
  /** Default: one, for `default-scheduler`. */
  profiles?: readonly KubeSchedulerProfile[];
}

export interface KubeSchedulerProfile {
  /** Pods that ask for this name in `spec.schedulerName` get this profile. Default `default-scheduler`. */
  schedulerName?: string;
  percentageOfNodesToScore?: number;
  plugins?: Plugins;
  pluginConfig?: readonly PluginConfig[];
}

/** What is added to the defaults, and taken from them, at each extension point or at all of them (`multiPoint`). */
export type Plugins = { readonly [P in ExtensionPoint | 'multiPoint']?: PluginSet };

export interface PluginSet {
  /** In this order, after the defaults that stay. */
  enabled?: readonly PluginReference[];
  /** `*` stands for all. */
  disabled?: readonly PluginReference[];
}

export interface PluginReference {
  name: string;
  /** For score; default 1, or what the defaults say. */
  weight?: number;
}

export interface PluginConfig {
  name: string;
  /** As upstream's <name>Args. */
  args?: object;
}

export const EXTENSION_POINTS = [
  'preEnqueue',
  'queueSort',
  'preFilter',
  'filter',
  'postFilter',
  'preScore',
  'score',
  'reserve',
  'permit',
  'preBind',
  'bind',
  'postBind',
] as const;

export type ExtensionPoint = (typeof EXTENSION_POINTS)[number];

export const DEFAULT_SCHEDULER = 'default-scheduler';
