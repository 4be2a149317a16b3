/** Events of events.k8s.io/v1: those of core under newer names, and with stricter rules for who writes them there. */
import type { CoreV1Event, EventsV1Event, V1EventSource, V1ObjectReference } from '../../../openapi/generated/types.ts';
import type { KubeObject } from '../../../openapi/object.ts';
import type { FieldError } from '../../../openapi/status.ts';
import type { Column, ServedVersion } from '../declaration.ts';
import { semanticEqual } from '../validation/equality.ts';
import { invalidEach, invalidValue, required } from '../validation/errors.ts';
import { validateImmutable } from '../validation/metadata.ts';
import { nameIsDnsSubdomain } from '../validation/names.ts';

/** Name in core → name in events.k8s.io. */
const NAMES = {
  involvedObject: 'regarding',
  message: 'note',
  source: 'deprecatedSource',
  firstTimestamp: 'deprecatedFirstTimestamp',
  lastTimestamp: 'deprecatedLastTimestamp',
  count: 'deprecatedCount',
  reportingComponent: 'reportingController',
} as const satisfies Partial<Record<keyof CoreV1Event, keyof EventsV1Event>>;

const OBJECT_FIELDS = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];
const FIELD_NAMES: Record<string, string> = {
  ...Object.fromEntries(OBJECT_FIELDS.map((field) => [`regarding.${field}`, `involvedObject.${field}`])),
  reportingController: 'reportingComponent',
};

/** `isOf`: whether an object that is being written came in this version. */
export function eventsV1(): { served: ServedVersion<CoreV1Event>; isOf(event: CoreV1Event): boolean } {
  const written = new WeakSet<KubeObject>();
  const served: ServedVersion<CoreV1Event> = {
    group: 'events.k8s.io',
    version: 'v1',
    definition: 'io.k8s.api.events.v1.Event',
    fieldLabels: ['reason', 'type', ...Object.keys(FIELD_NAMES)],
    fieldNames: FIELD_NAMES,
    fromStored,
    toStored(event) {
      written.add(event);
      rename(event, (name) => [NAMES[name], name]);
    },
  };
  return { served, isOf: (event) => written.has(event) };
}

/** Columns that read events of core, for those of this version. */
export function columnsOfV1(columns: readonly Column<CoreV1Event>[]): Column<CoreV1Event>[] {
  return columns.map((column) => ({
    name: column.name,
    type: column.type,
    ...(column.format === undefined ? {} : { format: column.format }),
    priority: column.priority,
    get description() {
      return column.description;
    },
    value(event, now) {
      const ofCore = { ...event };
      rename(ofCore, (name) => [NAMES[name], name]);
      return column.value(ofCore, now);
    },
  }));
}

function fromStored(event: KubeObject): void {
  rename(event, (name) => [name, NAMES[name]]);
  const { reportingController, reportingInstance } = event as EventsV1Event;
  if (reportingController === '') delete (event as EventsV1Event).reportingController;
  if (reportingInstance === '') delete (event as EventsV1Event).reportingInstance;
}

function rename(object: KubeObject, namesOf: (name: keyof typeof NAMES) => readonly [from: string, to: string]): void {
  const fields = object as Record<string, unknown>;
  for (const name of Object.keys(NAMES) as (keyof typeof NAMES)[]) {
    const [from, to] = namesOf(name);
    if (!Object.hasOwn(fields, from)) continue;
    fields[to] = fields[from];
    delete fields[from];
  }
}

/** What an event that comes through events.k8s.io must meet beside what all must. */
export function validateStrict(event: CoreV1Event): FieldError[] {
  const name = event.metadata.name ?? '';
  const unset = (field: string, isSet: boolean) => (isSet ? [invalidValue(field, '', 'needs to be unset')] : []);
  return [
    ...(name === '' ? [] : invalidEach('metadata.name', name, nameIsDnsSubdomain(name, false))),
    ...validateSeries(event),
    ...(event.eventTime ? [] : [required('eventTime')]),
    ...(event.type === 'Normal' || event.type === 'Warning'
      ? []
      : [invalidValue('type', '', `has invalid value: ${event.type ?? ''}`)]),
    ...unset('firstTimestamp', Boolean(event.firstTimestamp)),
    ...unset('lastTimestamp', Boolean(event.lastTimestamp)),
    ...unset('count', Boolean(event.count)),
    ...unset('source', Boolean(event.source?.component || event.source?.host)),
  ];
}

function validateSeries({ series }: CoreV1Event): FieldError[] {
  if (!series) return [];
  return [
    ...((series.count ?? 0) < 2 ? [invalidValue('series.count', '', 'should be at least 2')] : []),
    ...(series.lastObservedTime ? [] : [required('series.lastObservedTime')]),
  ];
}

/** Of an event only its series may change through events.k8s.io. */
export function validateStrictUpdate(event: CoreV1Event, old: CoreV1Event): FieldError[] {
  const immutable = (field: string, read: (event: CoreV1Event) => unknown) =>
    validateImmutable(read(event), read(old), field);
  return [
    ...(semanticEqual(event.series, old.series) ? [] : validateSeries(event)),
    ...immutable('involvedObject', ({ involvedObject }) => internalReference(involvedObject)),
    ...immutable('reason', ({ reason = '' }) => reason),
    ...immutable('message', ({ message = '' }) => message),
    ...immutable('source', ({ source }) => internalSource(source)),
    ...immutable('firstTimestamp', ({ firstTimestamp }) => firstTimestamp),
    ...immutable('lastTimestamp', ({ lastTimestamp }) => lastTimestamp),
    ...immutable('count', ({ count = 0 }) => count),
    ...immutable('reason', ({ reason = '' }) => reason),
    ...immutable('type', ({ type = '' }) => type),
    ...immutable('eventTime', ({ eventTime }) => eventTime),
    ...immutable('action', ({ action = '' }) => action),
    ...immutable('related', ({ related }) => related && internalReference(related)),
    ...immutable('reportingController', ({ reportingComponent = '' }) => reportingComponent),
    ...immutable('reportingInstance', ({ reportingInstance = '' }) => reportingInstance),
  ];
}

/** How upstream's errors show it: its internal types have no names for JSON. */
function internalReference(reference: V1ObjectReference): object {
  return {
    Kind: reference.kind ?? '',
    Namespace: reference.namespace ?? '',
    Name: reference.name ?? '',
    UID: reference.uid ?? '',
    APIVersion: reference.apiVersion ?? '',
    ResourceVersion: reference.resourceVersion ?? '',
    FieldPath: reference.fieldPath ?? '',
  };
}

function internalSource({ component = '', host = '' }: V1EventSource = {}): object {
  return { Component: component, Host: host };
}
