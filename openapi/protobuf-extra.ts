/**
 * Messages that clients speak and the generator cannot find: discovery documents, the aggregator's kind, and versions of
 * long ago that are still served. Written as the generated ones are: see `protobuf-table.ts`.
 */
const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const AGGREGATION = 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1';
const SLICES = 'io.k8s.api.discovery.v1';

const DISCOVERY: Record<string, string> = {
  APIGroupDiscoveryList: `metadata:1!@${META}.ListMeta items:2![]@.APIGroupDiscovery`,
  APIGroupDiscovery: `metadata:1!@${META}.ObjectMeta versions:2?[]@.APIVersionDiscovery`,
  APIVersionDiscovery: 'version:1!string resources:2?[]@.APIResourceDiscovery freshness:3?string',
  APIResourceDiscovery: `resource:1!string responseKind:2*@${META}.GroupVersionKind scope:3!string singularResource:4!string verbs:5![]string shortNames:6?[]string categories:7?[]string subresources:8?[]@.APISubresourceDiscovery`,
  APISubresourceDiscovery: `subresource:1!string responseKind:2*@${META}.GroupVersionKind acceptedTypes:3?[]@${META}.GroupVersionKind verbs:4![]string`,
};

export const EXTRA_GROUPS: Readonly<Record<string, string>> = {
  'apidiscovery.k8s.io/v2': 'io.k8s.api.apidiscovery.v2',
  'apidiscovery.k8s.io/v2beta1': 'io.k8s.api.apidiscovery.v2beta1',
  'meta.k8s.io/v1beta1': 'io.k8s.apimachinery.pkg.apis.meta.v1beta1',
  'discovery.k8s.io/v1beta1': 'io.k8s.api.discovery.v1beta1',
  // The numbers of their fields are those of today.
  'batch/v1beta1': 'io.k8s.api.batch.v1',
  'events.k8s.io/v1beta1': 'io.k8s.api.events.v1',
  'policy/v1beta1': 'io.k8s.api.policy.v1',
};

export const EXTRA_MESSAGES: Readonly<Record<string, string>> = {
  'io.k8s.apimachinery.pkg.apis.meta.v1beta1.PartialObjectMetadata': `metadata:1!@${META}.ObjectMeta`,
  // Its two fields have changed places since.
  'io.k8s.apimachinery.pkg.apis.meta.v1beta1.PartialObjectMetadataList': `metadata:2!@${META}.ListMeta items:1![]@.PartialObjectMetadata`,
  [`${AGGREGATION}.APIServiceList`]: `metadata:1!@${META}.ListMeta items:2![]@.APIService`,
  [`${AGGREGATION}.APIService`]: `metadata:1!@${META}.ObjectMeta spec:2!@.APIServiceSpec status:3!@.APIServiceStatus`,
  [`${AGGREGATION}.APIServiceSpec`]:
    'service:1*@.ServiceReference group:2?string version:3?string insecureSkipTLSVerify:4?bool caBundle:5?bytes groupPriorityMinimum:7!int32 versionPriority:8!int32',
  [`${AGGREGATION}.ServiceReference`]: 'namespace:1?string name:2?string port:3*int32',
  [`${AGGREGATION}.APIServiceStatus`]: 'conditions:1?[]@.APIServiceCondition',
  [`${AGGREGATION}.APIServiceCondition`]:
    'type:1!string status:2!string lastTransitionTime:3!time reason:4?string message:5?string',
  'io.k8s.api.discovery.v1beta1.EndpointSliceList': `metadata:1!@${META}.ListMeta items:2![]@.EndpointSlice`,
  'io.k8s.api.discovery.v1beta1.EndpointSlice': `metadata:1!@${META}.ObjectMeta addressType:4!string endpoints:2![]@.Endpoint ports:3![]@${SLICES}.EndpointPort`,
  'io.k8s.api.discovery.v1beta1.Endpoint': `addresses:1![]string conditions:2!@${SLICES}.EndpointConditions hostname:3*string targetRef:4*@io.k8s.api.core.v1.ObjectReference topology:5?{}string nodeName:6*string hints:7*@${SLICES}.EndpointHints`,
  ...discoveryIn('v2'),
  ...discoveryIn('v2beta1'),
};

function discoveryIn(version: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(DISCOVERY).map(([name, fields]) => [`io.k8s.api.apidiscovery.${version}.${name}`, fields]),
  );
}
