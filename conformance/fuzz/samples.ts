/** Objects to start from: those of the table of kinds, and of the kinds that only subresources and reviews have. */
import { type KindCase, kinds, nameOf } from '../kinds.ts';
import { sampleGadget } from './custom.ts';
import type { JsonObject } from './json.ts';

type Sample = (name: string, namespace: string) => object;

export interface Model {
  sample: Sample;
  /** A legal name made from a unique one. */
  nameFor(unique: string): string;
}

const reviewed = { user: 'somebody', groups: ['some'] };
const asked = { namespace: 'default', verb: 'get', resource: 'pods', name: 'x' };

const EXTRA: Readonly<Record<string, Sample>> = {
  'events.k8s.io/v1 Event': (name, namespace) => ({
    metadata: { name },
    eventTime: '2026-01-02T03:04:05.000006Z',
    reportingController: 'example.com/fuzz',
    reportingInstance: 'fuzz-1',
    action: 'Testing',
    reason: 'Tested',
    type: 'Normal',
    regarding: { kind: 'Pod', name, namespace },
    note: 'it happened',
  }),
  'v1 Binding': (name) => ({ metadata: { name }, target: { kind: 'Node', name: 'fz-node-1' } }),
  'policy/v1 Eviction': (name) => ({ metadata: { name }, deleteOptions: { gracePeriodSeconds: 0 } }),
  'policy/v1beta1 Eviction': (name) => ({ metadata: { name }, deleteOptions: { gracePeriodSeconds: 0 } }),
  'autoscaling/v1 Scale': (name) => ({ metadata: { name }, spec: { replicas: 1 } }),
  'authentication.k8s.io/v1 TokenRequest': () => ({ spec: { audiences: ['fuzz'], expirationSeconds: 600 } }),
  'authentication.k8s.io/v1 TokenReview': () => ({ spec: { token: 'nobody', audiences: ['fuzz'] } }),
  'authentication.k8s.io/v1 SelfSubjectReview': () => ({}),
  'authorization.k8s.io/v1 SubjectAccessReview': () => ({ spec: { ...reviewed, resourceAttributes: asked } }),
  'authorization.k8s.io/v1 SelfSubjectAccessReview': () => ({
    spec: { nonResourceAttributes: { path: '/x', verb: 'get' } },
  }),
  'authorization.k8s.io/v1 LocalSubjectAccessReview': (_name, namespace) => ({
    spec: { ...reviewed, resourceAttributes: { ...asked, namespace } },
  }),
  'authorization.k8s.io/v1 SelfSubjectRulesReview': (_name, namespace) => ({ spec: { namespace } }),
};

const widget: Sample = (name) => ({ metadata: { name }, spec: { size: 1, some: ['thing'] } });

const plain = (unique: string) => unique;

/** What objects of a kind look like; without a sample they are no more than a name. */
export function modelOf(apiVersion: string, kind: string, resource: string): Model {
  const known = kinds.find((each) => each.kind === kind && each.resource === resource && isServedAs(each, apiVersion));
  if (known) return { sample: known.sample, nameFor: (unique) => nameOf(known, unique) };
  const extra = EXTRA[`${apiVersion} ${kind}`];
  if (extra) return { sample: extra, nameFor: plain };
  if (kind === 'Gadget') return { sample: sampleGadget, nameFor: plain };
  if (kind === 'Widget') return { sample: widget, nameFor: plain };
  return { sample: (name) => ({ metadata: { name } }), nameFor: plain };
}

function isServedAs(kind: KindCase, apiVersion: string): boolean {
  return kind.apiVersion === apiVersion || kind.older === apiVersion;
}

/** A sample as JSON has it: nothing is undefined in it, nothing is shared. */
export function copyOf(sample: object): JsonObject {
  return JSON.parse(JSON.stringify(sample)) as JsonObject;
}
