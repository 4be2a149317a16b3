import type { CoreV1Event } from '../../../openapi/generated/types.ts';
import type { FieldError } from '../../../openapi/status.ts';
import { type Column, declare, type ResourceDeclaration } from '../declaration.ts';
import { columnsOfV1, eventsV1, validateStrict, validateStrictUpdate } from '../events/events-v1.ts';
import { invalidEach, invalidValue, required } from '../validation/errors.ts';
import { isDns1123Subdomain, isPathSegmentName, isQualifiedName } from '../validation/names.ts';
import { type Describe, fieldColumn, nameColumn, translateTimestampSince } from './columns.ts';

const EVENT = 'io.k8s.api.core.v1.Event';
const SHORT_MAX = 128;
const MESSAGE_MAX = 1024;
/** Upstream's default of `--event-ttl`. */
const TTL_SECONDS = 3600;

/** One store for both groups that serve events. They vanish `ttlSeconds` after they were last written. */
export function events(describe: Describe, ttlSeconds: number = TTL_SECONDS): ResourceDeclaration {
  const wide = { priority: 1 };
  const newer = eventsV1();
  /** New events that come through the newer group. */
  const strict = new WeakSet<CoreV1Event>();
  const columns: Column<CoreV1Event>[] = [
    fieldColumn('Last Seen', describe, [EVENT, 'lastTimestamp'], lastSeen),
    fieldColumn('Type', describe, [EVENT, 'type'], (event) => event.type ?? ''),
    fieldColumn('Reason', describe, [EVENT, 'reason'], (event) => event.reason ?? ''),
    fieldColumn('Object', describe, [EVENT, 'involvedObject'], target),
    fieldColumn(
      'Subobject',
      describe,
      ['io.k8s.api.core.v1.ObjectReference', 'fieldPath'],
      (event) => event.involvedObject?.fieldPath ?? '',
      wide,
    ),
    fieldColumn('Source', describe, [EVENT, 'source'], source, wide),
    fieldColumn('Message', describe, [EVENT, 'message'], (event) => (event.message ?? '').trim()),
    fieldColumn('First Seen', describe, [EVENT, 'firstTimestamp'], firstSeen, wide),
    fieldColumn('Count', describe, [EVENT, 'count'], count, wide),
    nameColumn(describe, 1),
  ];
  return declare<CoreV1Event>({
    group: '',
    version: 'v1',
    kind: 'Event',
    plural: 'events',
    singular: 'event',
    shortNames: ['ev'],
    namespaced: true,
    definition: EVENT,
    ttlSeconds,
    alsoServed: [{ ...newer.served, columns: columnsOfV1(columns) }],
    columns,
    fields: fieldsOf,
    fieldLabels: [
      'involvedObject.kind',
      'involvedObject.namespace',
      'involvedObject.name',
      'involvedObject.uid',
      'involvedObject.apiVersion',
      'involvedObject.resourceVersion',
      'involvedObject.fieldPath',
      'reason',
      'reportingComponent',
      'source',
      'type',
    ],
    strategy: {
      prepareForCreate(event) {
        if (newer.isOf(event)) strict.add(event);
      },
      validate: (event) => [...validateEvent(event), ...(strict.has(event) ? validateStrict(event) : [])],
      validateUpdate: (event, old) => (newer.isOf(event) ? validateStrictUpdate(event, old) : []),
      validateName: eventName,
      createOnUpdate: true,
      noDependents: true,
    },
  });
}

/** Upstream puts no limit on an event's name but that of its storage; ours is a key of 1978 bytes with the namespace. */
const NAME_MAX_BYTES = 1024;

function eventName(name: string, prefix: boolean): string[] {
  const tooLong = Buffer.byteLength(name) > NAME_MAX_BYTES;
  return [...isPathSegmentName(name, prefix), ...(tooLong ? [`must be no more than ${NAME_MAX_BYTES} bytes`] : [])];
}

function firstSeen(event: CoreV1Event, now: number): string {
  return translateTimestampSince(event.firstTimestamp ?? event.eventTime, now);
}

function lastSeen(event: CoreV1Event, now: number): string {
  if (event.series) return translateTimestampSince(event.series.lastObservedTime, now);
  return event.lastTimestamp ? translateTimestampSince(event.lastTimestamp, now) : firstSeen(event, now);
}

/** A series does not count the event that came before it. */
function count(event: CoreV1Event): number {
  return event.series ? (event.series.count ?? 0) + 1 : event.count || 1;
}

function target({ involvedObject }: CoreV1Event): string {
  const kind = (involvedObject?.kind ?? '').toLowerCase();
  return involvedObject?.name ? `${kind}/${involvedObject.name}` : kind;
}

function source(event: CoreV1Event): string {
  const component = event.source?.component || event.reportingComponent || '';
  const instance = event.source?.host || event.reportingInstance || '';
  return instance === '' ? component : `${component}, ${instance}`;
}

function fieldsOf(event: CoreV1Event): Record<string, string> {
  const { involvedObject } = event;
  return {
    'involvedObject.kind': involvedObject?.kind ?? '',
    'involvedObject.namespace': involvedObject?.namespace ?? '',
    'involvedObject.name': involvedObject?.name ?? '',
    'involvedObject.uid': involvedObject?.uid ?? '',
    'involvedObject.apiVersion': involvedObject?.apiVersion ?? '',
    'involvedObject.resourceVersion': involvedObject?.resourceVersion ?? '',
    'involvedObject.fieldPath': involvedObject?.fieldPath ?? '',
    reason: event.reason ?? '',
    reportingComponent: event.reportingComponent ?? '',
    source: event.source?.component || event.reportingComponent || '',
    type: event.type ?? '',
  };
}

export function validateEvent(event: CoreV1Event): FieldError[] {
  const namespace = event.metadata?.namespace ?? '';
  return [
    ...validateInvolvedNamespace(event, namespace),
    ...(event.eventTime ? validateNewFields(event) : []),
    ...invalidEach('namespace', namespace, isDns1123Subdomain(namespace)),
  ];
}

/** Events about cluster-scoped objects live in `default`, those of the newer kind also in `kube-system`. */
function validateInvolvedNamespace(event: CoreV1Event, namespace: string): FieldError[] {
  const involved = event.involvedObject?.namespace ?? '';
  const expected = involved === '' ? ['default', ...(event.eventTime ? ['kube-system'] : [])] : [involved];
  if (expected.includes(namespace)) return [];
  return [invalidValue('involvedObject.namespace', involved, 'does not match event.namespace')];
}

/** What the newer events API requires; an `eventTime` tells that an event is meant for it. */
function validateNewFields(event: CoreV1Event): FieldError[] {
  const { reportingComponent = '', reportingInstance = '', action = '', reason = '', message = '' } = event;
  const errors = reportingComponent === '' ? [required('reportingController')] : [];
  errors.push(...invalidEach('reportingController', reportingComponent, isQualifiedName(reportingComponent)));
  errors.push(...validateText('reportingInstance', reportingInstance));
  errors.push(...validateText('action', action));
  errors.push(...validateText('reason', reason));
  if (Buffer.byteLength(message) > MESSAGE_MAX) {
    errors.push(invalidValue('message', '', `can have at most ${MESSAGE_MAX} characters`));
  }
  return errors;
}

function validateText(field: string, text: string): FieldError[] {
  if (text === '') return [required(field)];
  return Buffer.byteLength(text) > SHORT_MAX
    ? [invalidValue(field, '', `can have at most ${SHORT_MAX} characters`)]
    : [];
}
