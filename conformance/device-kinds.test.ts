/** The kinds of resource.k8s.io, as the API keeps them. */
import { supportsOperations } from './kind-operations.ts';

const rowOf = (kind: string) => `[DRA] CRUD Tests resource.k8s.io/v1 ${kind}`;
const kinds: [resource: string, kind: string][] = [
  ['deviceclasses', 'DeviceClass'],
  ['resourceclaimtemplates', 'ResourceClaimTemplate'],
  ['resourceslices', 'ResourceSlice'],
];
for (const [resource, kind] of kinds) {
  supportsOperations({ apiVersion: 'resource.k8s.io/v1', resource, rows: [rowOf(kind)] });
}

const allocation = {
  devices: { results: [{ request: 'one', driver: 'driver.example.com', pool: 'pool', device: 'one' }] },
};
supportsOperations({
  apiVersion: 'resource.k8s.io/v1',
  resource: 'resourceclaims',
  rows: [rowOf('ResourceClaim')],
  status: {
    metadataStays: true,
    patch: { allocation },
    update: {
      allocation,
      devices: [{ driver: 'driver.example.com', pool: 'pool', device: 'one', data: { answer: 42 } }],
    },
  },
});
