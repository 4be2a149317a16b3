/** apps, batch, autoscaling, policy, scheduling and node. */
import { fullPodSpec } from './core.ts';
import { type KindProbe, themeOf } from './lifecycle.ts';

const apps = { apiVersion: 'apps/v1', controlled: true };

const always = { ...fullPodSpec, restartPolicy: 'Always', activeDeadlineSeconds: undefined };
const selector = { matchLabels: { app: 'x' }, matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }] };
const template = { metadata: { labels: { app: 'x', tier: 'a' } }, spec: always };

/** What all kinds with a selector and a template refuse. */
const common: [string, object][] = [
  ['no selector', { spec: { selector: null } }],
  ['an empty selector', { spec: { selector: { matchLabels: null } } }],
  ['another selector', { spec: { selector: { matchLabels: { app: 'other' } } } }],
  [
    'a selector operator',
    { spec: { selector: { matchExpressions: [{ key: 'a', operator: 'Like', values: ['b'] }] } } },
  ],
  ['no template', { spec: { template: null } }],
  ['a template without containers', { spec: { template: { spec: { containers: null } } } }],
  ['a template that ends', { spec: { template: { spec: { restartPolicy: 'OnFailure' } } } }],
  ['a template with a deadline', { spec: { template: { spec: { activeDeadlineSeconds: 5 } } } }],
  [
    'a template with a bad volume',
    { spec: { template: { spec: { volumes: [{ name: 'v', hostPath: { path: '' } }] } } } },
  ],
  ['negative minReadySeconds', { spec: { minReadySeconds: -1 } }],
  ['replicas as text', { spec: { replicas: 'many' } }],
];

const negativeReplicas: [string, object] = ['negative replicas', { spec: { replicas: -1 } }];

const changes: [string, object][] = [
  ['selector', { spec: { selector: { matchLabels: { app: 'other' } } } }],
  [
    'selector and labels',
    { spec: { selector: { matchLabels: { app: 'y' } }, template: { metadata: { labels: { app: 'y' } } } } },
  ],
  ['an image', { spec: { template: { spec: { containers: [{ name: 'main', image: 'example.invalid/main:2' }] } } } }],
  ['a label', { metadata: { labels: { a: 'b' } } }],
];

const probes: KindProbe[] = [
  {
    ...apps,
    resource: 'deployments',
    full: {
      spec: {
        selector,
        template,
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '30%', maxUnavailable: 1 } },
        minReadySeconds: 5,
        revisionHistoryLimit: 3,
        paused: true,
        progressDeadlineSeconds: 60,
      },
    },
    invalid: [
      ...common,
      negativeReplicas,
      ['a strategy', { spec: { strategy: { type: 'Sometimes' } } }],
      [
        'Recreate with rolling parameters',
        { spec: { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } } },
      ],
      [
        'no surge and nobody unavailable',
        { spec: { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } } },
      ],
      ['more than all unavailable', { spec: { strategy: { rollingUpdate: { maxUnavailable: '150%' } } } }],
      ['a surge that is none', { spec: { strategy: { rollingUpdate: { maxSurge: 'some' } } } }],
      ['a negative history', { spec: { revisionHistoryLimit: -1 } }],
      ['a deadline below minReadySeconds', { spec: { minReadySeconds: 60, progressDeadlineSeconds: 60 } }],
    ],
    immutable: [...changes, ['strategy', { spec: { strategy: { type: 'Recreate', rollingUpdate: null } } }]],
    status: [
      { status: { replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, observedGeneration: 1 } },
      { status: { replicas: 1, availableReplicas: 2, readyReplicas: 1 } },
      { status: { replicas: -1 } },
      { status: { conditions: [{ type: 'Progressing', status: 'True', reason: 'Test' }] }, spec: { replicas: 7 } },
    ],
  },
  {
    ...apps,
    resource: 'replicasets',
    full: { spec: { selector, template, minReadySeconds: 5 } },
    invalid: [...common, negativeReplicas],
    immutable: changes,
    status: [
      {
        status: { replicas: 1, fullyLabeledReplicas: 1, readyReplicas: 1, availableReplicas: 1, observedGeneration: 1 },
      },
      { status: { replicas: 1, availableReplicas: 2, readyReplicas: 3, fullyLabeledReplicas: 4 } },
      { status: { observedGeneration: -1 } },
    ],
  },
  {
    ...apps,
    resource: 'statefulsets',
    full: {
      spec: {
        selector,
        template,
        podManagementPolicy: 'Parallel',
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } },
        revisionHistoryLimit: 3,
        volumeClaimTemplates: [
          {
            metadata: { name: 'data', labels: { a: 'b' } },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        ],
      },
    },
    invalid: [
      ...common.filter(([title]) => title !== 'negative minReadySeconds'),
      negativeReplicas,
      ['a management policy', { spec: { podManagementPolicy: 'Chaos' } }],
      ['an update strategy', { spec: { updateStrategy: { type: 'Sometimes' } } }],
      [
        'OnDelete with a partition',
        { spec: { updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } } },
      ],
      ['a negative partition', { spec: { updateStrategy: { rollingUpdate: { partition: -1 } } } }],
    ],
    immutable: [
      ...changes,
      ['serviceName', { spec: { serviceName: 'other' } }],
      ['replicas and strategy', { spec: { replicas: 0, updateStrategy: { type: 'OnDelete', rollingUpdate: null } } }],
      ['podManagementPolicy', { spec: { podManagementPolicy: 'Parallel' } }],
    ],
    status: [
      { status: { replicas: 1, readyReplicas: 1, currentRevision: 'a', updateRevision: 'b', collisionCount: 1 } },
      { status: { replicas: 1, readyReplicas: 2 } },
      { status: { replicas: 1, readyReplicas: 0, currentReplicas: -1, updatedReplicas: 5 } },
    ],
  },
  {
    ...apps,
    resource: 'daemonsets',
    full: {
      spec: {
        selector,
        template: { ...template, spec: { ...always, nodeSelector: { 'example.com/conformance': 'nowhere' } } },
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '20%' } },
        minReadySeconds: 5,
        revisionHistoryLimit: 3,
      },
    },
    invalid: [
      ...common.filter(([title]) => title !== 'replicas as text'),
      ['an update strategy', { spec: { updateStrategy: { type: 'Sometimes' } } }],
      ['nobody unavailable', { spec: { updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } } }],
      ['more than all unavailable', { spec: { updateStrategy: { rollingUpdate: { maxUnavailable: '101%' } } } }],
      ['a negative history', { spec: { revisionHistoryLimit: -1 } }],
    ],
    immutable: changes,
    status: [
      { status: { currentNumberScheduled: 1, numberMisscheduled: 0, desiredNumberScheduled: 1, numberReady: 1 } },
      { status: { currentNumberScheduled: -1, numberReady: -2 } },
      { status: { numberReady: 'all' } },
    ],
  },
  {
    apiVersion: 'apps/v1',
    resource: 'controllerrevisions',
    full: { data: { spec: { template: { $patch: 'replace' } }, list: [1, 'two', null] }, revision: 5 },
    invalid: [
      ['no data', { data: null }],
      ['a negative revision', { revision: -1 }],
      ['a revision as text', { revision: '1' }],
      ['no revision', { revision: null }],
      ['data that is text', { data: 'x' }],
      ['data that is a list', { data: [1] }],
    ],
    immutable: [
      ['data', { data: { spec: { some: 'other' } } }],
      ['revision', { revision: 7 }],
    ],
  },
  {
    apiVersion: 'batch/v1',
    resource: 'jobs',
    controlled: true,
    lingers: true,
    full: {
      spec: {
        completions: 5,
        activeDeadlineSeconds: 600,
        backoffLimit: 3,
        ttlSecondsAfterFinished: 60,
        manualSelector: true,
        selector: { matchLabels: { app: 'x' } },
        template: { metadata: { labels: { app: 'x' } }, spec: { ...fullPodSpec, restartPolicy: 'OnFailure' } },
      },
    },
    invalid: [
      ['no template', { spec: { template: null } }],
      ['a template that never ends', { spec: { template: { spec: { restartPolicy: 'Always' } } } }],
      ['a template that says nothing about ends', { spec: { template: { spec: { restartPolicy: null } } } }],
      ['a template without containers', { spec: { template: { spec: { containers: [] } } } }],
      ['negative parallelism', { spec: { parallelism: -1 } }],
      ['negative completions', { spec: { completions: -1 } }],
      ['a negative deadline', { spec: { activeDeadlineSeconds: -1 } }],
      ['a negative backoffLimit', { spec: { backoffLimit: -1 } }],
      ['a negative ttl', { spec: { ttlSecondsAfterFinished: -1 } }],
      ['a selector of its own', { spec: { selector: { matchLabels: { app: 'x' } } } }],
      ['a manual selector that misses', { spec: { manualSelector: true, selector: { matchLabels: { app: 'x' } } } }],
      ['completions as text', { spec: { completions: 'five' } }],
    ],
    immutable: [
      ['completions', { spec: { completions: 5 } }],
      ['parallelism', { spec: { parallelism: 2 } }],
      [
        'template',
        { spec: { template: { spec: { containers: [{ name: 'main', image: 'example.invalid/main:2' }] } } } },
      ],
      ['selector', { spec: { selector: { matchLabels: { app: 'x' } } } }],
      ['backoffLimit', { spec: { backoffLimit: 9 } }],
    ],
    status: [
      { status: { active: 1, startTime: '2001-01-02T03:04:05Z' } },
      { status: { succeeded: -1 } },
      { status: { active: 'one' } },
    ],
  },
  {
    apiVersion: 'batch/v1',
    resource: 'cronjobs',
    controlled: true,
    lingers: true,
    full: {
      spec: {
        startingDeadlineSeconds: 60,
        concurrencyPolicy: 'Replace',
        successfulJobsHistoryLimit: 5,
        failedJobsHistoryLimit: 0,
        jobTemplate: {
          metadata: { labels: { a: 'b' }, annotations: { c: 'd' } },
          spec: { completions: 2, parallelism: 1, template: { spec: { ...fullPodSpec, restartPolicy: 'Never' } } },
        },
      },
    },
    invalid: [
      ['no schedule', { spec: { schedule: null } }],
      ['a schedule that is none', { spec: { schedule: 'now and then' } }],
      ['a schedule out of range', { spec: { schedule: '61 * * * *' } }],
      ['a policy', { spec: { concurrencyPolicy: 'Sometimes' } }],
      ['a negative deadline', { spec: { startingDeadlineSeconds: -1 } }],
      ['a negative history', { spec: { successfulJobsHistoryLimit: -1, failedJobsHistoryLimit: -1 } }],
      [
        'a template that never ends',
        { spec: { jobTemplate: { spec: { template: { spec: { restartPolicy: 'Always' } } } } } },
      ],
      ['a selector', { spec: { jobTemplate: { spec: { selector: { matchLabels: { a: 'b' } } } } } }],
      ['suspend as text', { spec: { suspend: 'yes' } }],
      ['a long name', { metadata: { name: 'n'.repeat(53) } }],
    ],
    immutable: [
      ['schedule', { spec: { schedule: '@hourly' } }],
      ['a bad schedule', { spec: { schedule: 'x' } }],
    ],
    status: [
      { status: { lastScheduleTime: '2001-01-02T03:04:05Z', active: [{ kind: 'Job', name: 'a', namespace: '{ns}' }] } },
      { status: { lastScheduleTime: 'yesterday' } },
    ],
  },
  {
    apiVersion: 'autoscaling/v1',
    resource: 'horizontalpodautoscalers',
    controlled: true,
    full: { spec: { minReplicas: 2, maxReplicas: 10, targetCPUUtilizationPercentage: 50 } },
    invalid: [
      ['no maximum', { spec: { maxReplicas: null } }],
      ['a minimum above the maximum', { spec: { minReplicas: 5 } }],
      ['a minimum of zero', { spec: { minReplicas: 0 } }],
      ['no target', { spec: { scaleTargetRef: null } }],
      ['a target without a kind', { spec: { scaleTargetRef: { kind: null } } }],
      ['a target with a bad name', { spec: { scaleTargetRef: { name: 'a/b' } } }],
      ['a utilization of zero', { spec: { targetCPUUtilizationPercentage: 0 } }],
      ['a maximum as text', { spec: { maxReplicas: '3' } }],
    ],
    status: [
      { status: { currentReplicas: 1, desiredReplicas: 2 } },
      { status: { currentReplicas: -1, desiredReplicas: -1 } },
    ],
  },
  {
    apiVersion: 'autoscaling/v2',
    resource: 'horizontalpodautoscalers',
    controlled: true,
    full: {
      spec: {
        minReplicas: 2,
        maxReplicas: 10,
        metrics: [
          { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
          { type: 'Pods', pods: { metric: { name: 'hits' }, target: { type: 'AverageValue', averageValue: '1k' } } },
          {
            type: 'Object',
            object: {
              describedObject: { apiVersion: 'v1', kind: 'Service', name: 'web' },
              metric: { name: 'hits', selector: { matchLabels: { a: 'b' } } },
              target: { type: 'Value', value: '10k' },
            },
          },
          { type: 'External', external: { metric: { name: 'queue' }, target: { type: 'Value', value: '5' } } },
        ],
        behavior: {
          scaleDown: { policies: [{ type: 'Percent', value: 10, periodSeconds: 60 }], stabilizationWindowSeconds: 60 },
        },
      },
    },
    invalid: [
      ['a metric type', { spec: { metrics: [{ type: 'Guess' }] } }],
      ['a metric of nothing', { spec: { metrics: [{ type: 'Resource' }] } }],
      ['a resource metric without target', { spec: { metrics: [{ type: 'Resource', resource: { name: 'cpu' } }] } }],
      [
        'a pods metric by value',
        {
          spec: { metrics: [{ type: 'Pods', pods: { metric: { name: 'a' }, target: { type: 'Value', value: '1' } } }] },
        },
      ],
      [
        'a metric with two',
        {
          spec: {
            metrics: [
              {
                type: 'Resource',
                resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 1 } },
                pods: { metric: { name: 'a' }, target: { type: 'AverageValue', averageValue: '1' } },
              },
            ],
          },
        },
      ],
      ['behaviour without policies', { spec: { behavior: { scaleUp: { policies: [] } } } }],
      [
        'a policy of zero',
        { spec: { behavior: { scaleUp: { policies: [{ type: 'Pods', value: 0, periodSeconds: 0 }] } } } },
      ],
      [
        'a policy type',
        { spec: { behavior: { scaleUp: { policies: [{ type: 'Some', value: 1, periodSeconds: 1 }] } } } },
      ],
      [
        'selectPolicy',
        {
          spec: {
            behavior: { scaleDown: { selectPolicy: 'Some', policies: [{ type: 'Pods', value: 1, periodSeconds: 1 }] } },
          },
        },
      ],
      [
        'a long window',
        {
          spec: {
            behavior: {
              scaleDown: { stabilizationWindowSeconds: 3601, policies: [{ type: 'Pods', value: 1, periodSeconds: 1 }] },
            },
          },
        },
      ],
    ],
    status: [
      { status: { currentReplicas: 1, desiredReplicas: 2, conditions: [{ type: 'AbleToScale', status: 'True' }] } },
    ],
  },
  {
    apiVersion: 'policy/v1',
    resource: 'poddisruptionbudgets',
    controlled: true,
    full: {
      spec: {
        minAvailable: null,
        maxUnavailable: '25%',
        selector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] },
      },
    },
    invalid: [
      ['both', { spec: { maxUnavailable: 1 } }],
      ['a negative number', { spec: { minAvailable: -1 } }],
      ['more than all', { spec: { minAvailable: '150%' } }],
      ['no number', { spec: { minAvailable: 'some' } }],
      ['a selector operator', { spec: { selector: { matchExpressions: [{ key: 'a', operator: 'Like' }] } } }],
      ['a selector that is text', { spec: { selector: 'a=b' } }],
      ['a float', { spec: { minAvailable: 1.5 } }],
    ],
    immutable: [['selector', { spec: { selector: { matchLabels: { app: 'other' } } } }]],
    status: [
      {
        status: { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2, observedGeneration: 1 },
      },
      { status: { disruptionsAllowed: -1, currentHealthy: -1, desiredHealthy: -1, expectedPods: -1 } },
    ],
  },
  {
    apiVersion: 'scheduling.k8s.io/v1',
    resource: 'priorityclasses',
    full: { value: 2000, globalDefault: false, description: 'for tests', preemptionPolicy: 'Never' },
    invalid: [
      ['a value above the highest', { value: 2_000_000_000 }],
      ['a value as text', { value: 'high' }],
      ['a policy', { preemptionPolicy: 'Sometimes' }],
      ['a system name', { metadata: { name: 'system-{ns}' } }],
      ['a value beyond int32', { value: 5_000_000_000 }],
      ['globalDefault as text', { globalDefault: 'yes' }],
      ['no value', { value: null, metadata: { name: '{ns}-none' } }],
    ],
    immutable: [
      ['value', { value: 1001 }],
      ['policy', { preemptionPolicy: 'Never' }],
      ['description', { description: 'd' }],
    ],
  },
  {
    apiVersion: 'node.k8s.io/v1',
    resource: 'runtimeclasses',
    full: {
      overhead: { podFixed: { cpu: '100m', memory: '10Mi' } },
      scheduling: { nodeSelector: { a: 'b' }, tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule' }] },
    },
    invalid: [
      ['no handler', { handler: null }],
      ['a handler with a dot', { handler: 'a.b' }],
      ['a handler in capitals', { handler: 'Runc' }],
      ['a node selector', { scheduling: { nodeSelector: { 'a b': 'c' } } }],
      [
        'a toleration twice',
        {
          scheduling: {
            tolerations: [
              { key: 'a', operator: 'Exists' },
              { key: 'a', operator: 'Exists' },
            ],
          },
        },
      ],
      ['a handler that is a number', { handler: 5 }],
      ['an overhead that is none', { overhead: { podFixed: { cpu: 'much' } } }],
    ],
    immutable: [
      ['handler', { handler: 'other' }],
      ['scheduling', { scheduling: { nodeSelector: { a: 'b' } } }],
    ],
  },
];

export const workloadThemes = probes.map(themeOf);
