/** Makes profiles from the configuration: which plugins are asked at which extension point, in which order. */
import type { Profile } from './algorithm.ts';
import {
  DEFAULT_SCHEDULER,
  type ExtensionPoint,
  type KubeSchedulerConfiguration,
  type KubeSchedulerProfile,
  type PluginReference,
  type PluginSet,
} from './configuration.ts';
import type { ClusterEvent, EventHints, QueueingHint } from './events.ts';
import type { Plugin, Rejection } from './framework.ts';
import { DEFAULT_PLUGINS, PLUGIN_FACTORIES, type PluginFactory, type PluginHandle } from './plugins/registry.ts';
import type { PodInfo } from './pod-info.ts';

/** A profile with what comes before and after the decision. */
export interface SchedulingProfile extends Profile {
  preEnqueue: readonly Plugin[];
  compare: (a: PodInfo, b: PodInfo) => number;
  reserve: readonly Plugin[];
  permit: readonly Plugin[];
  preBind: readonly Plugin[];
  bind: readonly Plugin[];
  postBind: readonly Plugin[];
  /** All plugins of the profile, for their events. */
  plugins: readonly Plugin[];
}

/** By scheduler name. Throws when the configuration names a plugin that nobody knows, or a scheduler twice. */
export function makeProfiles(
  configuration: KubeSchedulerConfiguration,
  handle: PluginHandle,
  factories: Readonly<Record<string, PluginFactory>> = {},
): Map<string, SchedulingProfile> {
  const profiles = new Map<string, SchedulingProfile>();
  const { profiles: wanted = [{}], percentageOfNodesToScore = 0 } = configuration;
  for (const each of wanted) {
    const profile = makeProfile({ percentageOfNodesToScore, ...each }, handle, { ...PLUGIN_FACTORIES, ...factories });
    if (profiles.has(profile.schedulerName)) {
      throw new Error(`scheduler configuration: duplicate profile with scheduler name "${profile.schedulerName}"`);
    }
    profiles.set(profile.schedulerName, profile);
  }
  return profiles;
}

function makeProfile(
  {
    schedulerName = DEFAULT_SCHEDULER,
    percentageOfNodesToScore = 0,
    plugins = {},
    pluginConfig = [],
  }: KubeSchedulerProfile,
  handle: PluginHandle,
  factories: Readonly<Record<string, PluginFactory>>,
): SchedulingProfile {
  const made = new Map<string, Plugin>();
  const pluginOf = (name: string): Plugin => {
    const known = made.get(name);
    if (known) return known;
    const factory = factories[name];
    if (!factory) throw new Error(`scheduler configuration: plugin "${name}" does not exist`);
    const plugin = factory(pluginConfig.find((config) => config.name === name)?.args ?? {}, handle);
    made.set(name, plugin);
    return plugin;
  };
  const everywhere = merged(DEFAULT_PLUGINS, plugins.multiPoint);
  const at = (point: ExtensionPoint): { plugin: Plugin; weight: number }[] => {
    const { enabled = [], disabled = [] } = plugins[point] ?? {};
    const own = new Set(enabled.map(({ name }) => name));
    const base = everywhere.filter(({ name }) => implementsPoint(pluginOf(name), point));
    const list = merged(base, { disabled: [...disabled, ...[...own].map((name) => ({ name }))], enabled });
    return list.map(({ name, weight }) => ({ plugin: pluginOf(name), weight: weight || defaultWeight(name) }));
  };
  const listed = (point: ExtensionPoint) => at(point).map(({ plugin }) => plugin);
  const [sort] = listed('queueSort');
  const filter = listed('filter');
  return {
    schedulerName,
    percentageOfNodesToScore,
    preEnqueue: listed('preEnqueue'),
    compare: (a, b) => sort?.compare?.(a, b) ?? 0,
    // A filter comes out of PreFilter: in the order of the filters, since the first that objects gives the reason.
    preFilter: [...new Set([...filter, ...listed('preFilter')])],
    filter: new Set(filter),
    postFilter: listed('postFilter'),
    score: at('score'),
    reserve: listed('reserve'),
    permit: listed('permit'),
    preBind: listed('preBind'),
    bind: listed('bind'),
    postBind: listed('postBind'),
    plugins: [...made.values()],
  };
}

/** What stays of the defaults, then what is added; a plugin that is named again takes its new weight in its old place. */
function merged(
  defaults: readonly PluginReference[],
  { enabled = [], disabled = [] }: PluginSet = {},
): PluginReference[] {
  const off = new Set(disabled.map(({ name }) => name));
  const again = new Map(enabled.map((reference) => [reference.name, reference]));
  const kept = defaults.filter(({ name }) => !off.has('*') && !off.has(name));
  const replaced = kept.map((reference) => again.get(reference.name) ?? reference);
  const names = new Set(kept.map(({ name }) => name));
  return [...replaced, ...enabled.filter(({ name }) => !names.has(name))];
}

function defaultWeight(name: string): number {
  return DEFAULT_PLUGINS.find((reference) => reference.name === name)?.weight ?? 1;
}

/** Filters come out of PreFilter, scores out of PreScore: one method each does for both points. */
function implementsPoint(plugin: Plugin, point: ExtensionPoint): boolean {
  switch (point) {
    case 'queueSort':
      return plugin.compare !== undefined;
    case 'filter':
      return plugin.preFilter !== undefined;
    case 'score':
      return plugin.preScore !== undefined;
    default:
      return plugin[point] !== undefined;
  }
}

/** The first PreEnqueue plugin of the pod's profile that keeps it out. */
export function keptOut(profile: SchedulingProfile | undefined, pod: PodInfo): Rejection | undefined {
  for (const plugin of profile?.preEnqueue ?? []) {
    const rejection = plugin.preEnqueue?.(pod);
    if (rejection) return rejection;
  }
  return undefined;
}

/** Events that may help, by the name of the plugin that turned a pod away. */
export function hintsOf(profiles: Iterable<SchedulingProfile>): Map<string, EventHints> {
  const hints = new Map<string, EventHints>();
  for (const { plugins } of profiles) {
    for (const { name, events } of plugins) if (events) hints.set(name, either(hints.get(name), events));
  }
  return hints;
}

/** A plugin of several profiles has different arguments in each: what may help in one of them is worth a try. */
function either(a: EventHints | undefined, b: EventHints): EventHints {
  if (!a) return b;
  const events = [...new Set([...Object.keys(a), ...Object.keys(b)])] as ClusterEvent[];
  return Object.fromEntries(
    events.map((event) => {
      const hints = [a[event], b[event]] as (QueueingHint<unknown> | undefined)[];
      const hint: QueueingHint<unknown> = (...change) => hints.some((one) => one?.(...change));
      return [event, hint];
    }),
  );
}
