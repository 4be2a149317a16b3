import assert from 'node:assert/strict';
import { errorsOf, type Loose } from '../../test-support.ts';
import { LABEL } from '../test-messages.ts';

/** Checked against a real server; where 1.36 words it differently from the one at hand, 1.36 is right. */
const REFUSED: { title: string; kind: string; object: Loose; errors: string[] }[] = [
  {
    title: 'requests without limits for what cannot be shared',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { 'example.com/gpu': '1' } } }] },
    },
    errors: ['spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources'],
  },
  {
    title: 'huge pages alone',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'i',
            resources: { requests: { 'hugepages-2Mi': '1Mi' }, limits: { 'hugepages-2Mi': '1Mi' } },
          },
        ],
      },
    },
    errors: ['spec.containers[0].resources: Forbidden: HugePages require cpu or memory'],
  },
  {
    title: 'unknown resources of Kubernetes',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { 'kubernetes.io/foo': '1' } } }] },
    },
    errors: [],
  },
  {
    title: 'volumes',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [{ name: 'c', image: 'i' }],
        volumes: [
          { name: 'a' },
          { name: 'a' },
          { name: 'B', emptyDir: {} },
          { name: 'c', emptyDir: {}, hostPath: { path: '/x' } },
          { name: 'd', hostPath: { path: '/a/../b', type: 'X' } },
          { name: 'e', secret: {} },
          { name: 'f', configMap: {} },
          { name: '', emptyDir: {} },
          { name: 'g', persistentVolumeClaim: { claimName: '' } },
          {
            name: 'h',
            secret: {
              secretName: 'x',
              defaultMode: 4000,
              items: [
                { key: '', path: '' },
                { key: 'a', path: '/abs' },
                { key: 'a', path: '../x' },
                { key: 'a', path: '..x' },
              ],
            },
          },
          {
            name: 'i',
            downwardAPI: { items: [{ path: '' }, { path: 'a', fieldRef: { fieldPath: 'spec.nodeName' } }] },
          },
          {
            name: 'j',
            projected: {
              sources: [
                { secret: { name: '' } },
                { serviceAccountToken: { path: 't', expirationSeconds: 1 } },
                { secret: { name: 'a', items: [{ key: 'k', path: 'p' }] } },
                { configMap: { name: 'b', items: [{ key: 'k', path: 'p' }] } },
              ],
            },
          },
          { name: 'k', nfs: { server: '', path: 'x' } },
        ],
      },
    },
    errors: [
      'spec.volumes[1].name: Duplicate value: "a"',
      `spec.volumes[2].name: Invalid value: "B": ${LABEL}`,
      'spec.volumes[3].hostPath: Forbidden: may not specify more than 1 volume type',
      `spec.volumes[4].hostPath.path: Invalid value: "/a/../b": must not contain '..'`,
      'spec.volumes[4].hostPath.type: Unsupported value: "X": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
      'spec.volumes[5].secret.secretName: Required value',
      'spec.volumes[6].configMap.name: Required value',
      'spec.volumes[7].name: Required value',
      'spec.volumes[8].persistentVolumeClaim.claimName: Required value',
      'spec.volumes[9].secret.defaultMode: Invalid value: 4000: must be a number between 0 and 0777 (octal), both inclusive',
      'spec.volumes[9].secret.items[0].key: Required value',
      'spec.volumes[9].secret.items[0].path: Required value',
      'spec.volumes[9].secret.items[1].path: Invalid value: "/abs": must be a relative path',
      `spec.volumes[9].secret.items[2].path: Invalid value: "../x": must not contain '..'`,
      `spec.volumes[9].secret.items[3].path: Invalid value: "..x": must not start with '..'`,
      'spec.volumes[10].downwardAPI.path: Required value',
      'spec.volumes[10].downwardAPI: Required value: one of fieldRef and resourceFieldRef is required',
      'spec.volumes[10].downwardAPI.fieldRef.fieldPath: Unsupported value: "spec.nodeName": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"',
      'spec.volumes[11].projected.sources[0].secret.name: Required value',
      'spec.volumes[11].projected.sources[1].serviceAccountToken.expirationSeconds: Invalid value: 1: may not specify a duration less than 10 minutes',
      'spec.volumes[11].projected: Invalid value: "b": conflicting duplicate paths',
      'spec.volumes[12].nfs.server: Required value',
      'spec.volumes[12].nfs.path: Invalid value: "x": must be an absolute path',
    ],
  },
  {
    title: 'mounts',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'i',
            volumeMounts: [
              { name: 'v', mountPath: '/a' },
              { name: 'v', mountPath: '/a' },
              { name: 'x', mountPath: '/b' },
              { name: '', mountPath: '' },
              { name: 'v', mountPath: '/c', subPath: '/x' },
              { name: 'v', mountPath: '/d', subPath: '../x', subPathExpr: 'y' },
              { name: 'v', mountPath: '/e', mountPropagation: 'X' },
              { name: 'v', mountPath: '/f', mountPropagation: 'Bidirectional' },
            ],
          },
        ],
        volumes: [{ name: 'v', emptyDir: {} }],
      },
    },
    errors: [
      'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
      'spec.containers[0].volumeMounts[2].name: Not found: "x"',
      'spec.containers[0].volumeMounts[3].name: Required value',
      'spec.containers[0].volumeMounts[3].name: Not found: ""',
      'spec.containers[0].volumeMounts[3].mountPath: Required value',
      'spec.containers[0].volumeMounts.subPath: Invalid value: "/x": must be a relative path',
      `spec.containers[0].volumeMounts.subPath: Invalid value: "../x": must not contain '..'`,
      'spec.containers[0].volumeMounts[5].subPathExpr: Invalid value: "y": subPathExpr and subPath are mutually exclusive',
      'spec.containers[0].volumeMounts.mountPropagation: Unsupported value: "X": supported values: "Bidirectional", "HostToContainer", "None"',
      'spec.containers[0].volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
    ],
  },
  {
    title: 'probes and hooks without handlers',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'i',
            livenessProbe: {},
            readinessProbe: { exec: { command: [] }, timeoutSeconds: -1 },
            startupProbe: {
              httpGet: { port: 0, scheme: 'X', httpHeaders: [{ name: 'a b', value: 'x' }] },
              tcpSocket: { port: '--' },
              successThreshold: 2,
            },
            lifecycle: { preStop: {} },
          },
        ],
      },
    },
    errors: [
      'spec.containers[0].lifecycle.preStop: Required value: must specify a handler type',
      'spec.containers[0].livenessProbe: Required value: must specify a handler type',
      'spec.containers[0].readinessProbe.exec.command: Required value',
      'spec.containers[0].readinessProbe.timeoutSeconds: Invalid value: -1: must be greater than or equal to 0',
      'spec.containers[0].startupProbe.httpGet.port: Invalid value: 0: must be between 1 and 65535, inclusive',
      'spec.containers[0].startupProbe.httpGet.scheme: Unsupported value: "X": supported values: "HTTP", "HTTPS"',
      `spec.containers[0].startupProbe.httpGet.httpHeaders: Invalid value: "a b": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')`,
      'spec.containers[0].startupProbe.tcpSocket: Forbidden: may not specify more than 1 handler type',
      'spec.containers[0].startupProbe.successThreshold: Invalid value: 2: must be 1',
    ],
  },
  {
    title: 'probes with bad numbers',
    kind: 'Pod',
    object: {
      metadata: { name: 'p' },
      spec: {
        containers: [
          {
            name: 'c',
            image: 'i',
            livenessProbe: { tcpSocket: { port: 70000 }, successThreshold: 3, initialDelaySeconds: -1 },
          },
        ],
      },
    },
    errors: [
      'spec.containers[0].livenessProbe.tcpSocket.port: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'spec.containers[0].livenessProbe.initialDelaySeconds: Invalid value: -1: must be greater than or equal to 0',
      'spec.containers[0].livenessProbe.successThreshold: Invalid value: 3: must be 1',
    ],
  },
];

describe('validation of pods: volumes, mounts and resources', () => {
  for (const { title, kind, object, errors } of REFUSED) {
    it(`refuses ${title}`, () => {
      assert.deepEqual(errorsOf(kind, object).sort(), [...errors].sort());
    });
  }
});
