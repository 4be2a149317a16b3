/** The resources that our own components speak of. */
import type { ResourceRef } from '../openapi/object.ts';

function core(resource: string, kind: string, namespaced = true): ResourceRef {
  return { group: '', version: 'v1', resource, kind, namespaced };
}

export const CONFIG_MAPS = core('configmaps', 'ConfigMap');
export const ENDPOINTS = core('endpoints', 'Endpoints');
export const EVENTS = core('events', 'Event');
export const NAMESPACES = core('namespaces', 'Namespace', false);
export const NODES = core('nodes', 'Node', false);
export const PODS = core('pods', 'Pod');
export const REPLICATION_CONTROLLERS = core('replicationcontrollers', 'ReplicationController');
export const SECRETS = core('secrets', 'Secret');
export const SERVICE_ACCOUNTS = core('serviceaccounts', 'ServiceAccount');
export const SERVICES = core('services', 'Service');
export const LEASES: ResourceRef = {
  group: 'coordination.k8s.io',
  version: 'v1',
  resource: 'leases',
  kind: 'Lease',
  namespaced: true,
};
