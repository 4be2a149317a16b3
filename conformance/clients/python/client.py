"""Speaks to the cluster of $KUBECONFIG as programs written with the official Python client do.

Prints a line of JSON for each thing it tried: {"name": ..., "error": ...}. The suite in ../clients.test.ts turns those
into tests. The namespace to work in is the first argument.
"""

import base64
import json
import sys
import threading
import time
import traceback

from kubernetes import client, config, dynamic, utils, watch
from kubernetes.client.exceptions import ApiException

NAMESPACE = sys.argv[1]
PATIENCE_SECONDS = 20

config.load_kube_config()
core = client.CoreV1Api()
apps = client.AppsV1Api()


def config_map(name, labels=None, **data):
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name, labels=labels), data=data or {"key": "value"})


def refused(status, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except ApiException as error:
        assert error.status == status, f"{error.status}: {error.body}"
        return json.loads(error.body)
    raise AssertionError(f"not refused with {status}")


def typed():
    made = core.create_namespaced_config_map(NAMESPACE, config_map("typed"))
    assert made.metadata.uid and made.metadata.creation_timestamp.tzinfo, made.metadata
    read = core.read_namespaced_config_map("typed", NAMESPACE)
    assert read.data == {"key": "value"}, read.data
    read.data["more"] = "1"
    replaced = core.replace_namespaced_config_map("typed", NAMESPACE, read)
    assert replaced.metadata.resource_version != made.metadata.resource_version
    patched = core.patch_namespaced_config_map("typed", NAMESPACE, {"data": {"key": None}})
    assert patched.data == {"more": "1"}, patched.data
    body = [{"op": "add", "path": "/data/json", "value": "1"}]
    patched = core.patch_namespaced_config_map("typed", NAMESPACE, body)
    assert patched.data == {"more": "1", "json": "1"}, patched.data
    status = core.delete_namespaced_config_map("typed", NAMESPACE)
    assert status.status == "Success", status


def refusals():
    assert refused(404, core.read_namespaced_config_map, "nothing", NAMESPACE)["reason"] == "NotFound"
    core.create_namespaced_config_map(NAMESPACE, config_map("refusals"))
    assert refused(409, core.create_namespaced_config_map, NAMESPACE, config_map("refusals"))["reason"] == "AlreadyExists"
    invalid = refused(422, core.create_namespaced_config_map, NAMESPACE, config_map("Not_A_Name"))
    assert invalid["details"]["causes"][0]["field"] == "metadata.name", invalid


def binary():
    data = {"bytes": base64.b64encode(bytes(range(256))).decode()}
    secret = client.V1Secret(metadata=client.V1ObjectMeta(name="binary"), data=data, string_data={"text": "ü"})
    core.create_namespaced_secret(NAMESPACE, secret)
    read = core.read_namespaced_secret("binary", NAMESPACE)
    assert base64.b64decode(read.data["bytes"]) == bytes(range(256))
    assert base64.b64decode(read.data["text"]).decode() == "ü"


def watches():
    seen = []
    started = core.list_namespaced_config_map(NAMESPACE, label_selector="watched=yes").metadata.resource_version

    def follow():
        stream = watch.Watch().stream(
            core.list_namespaced_config_map,
            NAMESPACE,
            label_selector="watched=yes",
            resource_version=started,
            timeout_seconds=PATIENCE_SECONDS,
        )
        for event in stream:
            seen.append((event["type"], event["object"].metadata.name))
            if event["type"] == "DELETED":
                return

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    core.create_namespaced_config_map(NAMESPACE, config_map("watched", {"watched": "yes"}))
    core.patch_namespaced_config_map("watched", NAMESPACE, {"data": {"more": "1"}})
    core.delete_namespaced_config_map("watched", NAMESPACE)
    follower.join(PATIENCE_SECONDS)
    assert seen == [("ADDED", "watched"), ("MODIFIED", "watched"), ("DELETED", "watched")], seen


def watch_ends():
    began = time.monotonic()
    events = watch.Watch().stream(core.list_namespaced_secret, NAMESPACE, timeout_seconds=1)
    names = [event["object"].metadata.name for event in events]
    took = time.monotonic() - began
    assert "binary" in names, names
    assert 0.5 < took < PATIENCE_SECONDS / 2, took


def pages():
    for index in range(7):
        core.create_namespaced_config_map(NAMESPACE, config_map(f"page-{index}", {"page": "yes"}))
    names, token, count = [], None, 0
    while True:
        page = core.list_namespaced_config_map(NAMESPACE, label_selector="page=yes", limit=3, _continue=token)
        names += [item.metadata.name for item in page.items]
        count += 1
        token = page.metadata._continue
        if not token:
            break
    assert count == 3 and names == [f"page-{index}" for index in range(7)], (count, names)


def workloads():
    labels = {"app": "deployed"}
    container = client.V1Container(name="main", image="example.invalid/main:1", resources={"limits": {"cpu": "0.1"}})
    template = client.V1PodTemplateSpec(
        metadata=client.V1ObjectMeta(labels=labels),
        spec=client.V1PodSpec(containers=[container], scheduler_name="conformance-nobody"),
    )
    spec = client.V1DeploymentSpec(replicas=0, selector=client.V1LabelSelector(match_labels=labels), template=template)
    made = apps.create_namespaced_deployment(
        NAMESPACE, client.V1Deployment(metadata=client.V1ObjectMeta(name="deployed"), spec=spec)
    )
    assert made.spec.strategy.type == "RollingUpdate", made.spec.strategy
    assert made.spec.template.spec.containers[0].resources.limits == {"cpu": "100m"}
    scale = apps.read_namespaced_deployment_scale("deployed", NAMESPACE)
    assert scale.status.selector == "app=deployed", scale
    body = {"status": {"conditions": [{"type": "Tested", "status": "True"}]}}
    patched = apps.patch_namespaced_deployment_status("deployed", NAMESPACE, body)
    assert "Tested" in [condition.type for condition in patched.status.conditions], patched.status
    apps.delete_namespaced_deployment("deployed", NAMESPACE, propagation_policy="Background")


def dynamic_client():
    resources = dynamic.DynamicClient(client.ApiClient())
    maps = resources.resources.get(api_version="v1", kind="ConfigMap")
    made = maps.create(body={"metadata": {"name": "dynamic"}, "data": {"a": "b"}}, namespace=NAMESPACE)
    assert made.data.a == "b", made
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "dynamic"}, "data": {"a": "c"}}
    # This version of the client sends only text as YAML, and reads the name from nothing but an object.
    applied = maps.server_side_apply(
        body=json.dumps(body), name="dynamic", namespace=NAMESPACE, field_manager="python", force_conflicts=True
    )
    assert applied.data.a == "c", applied
    assert "python" in [entry.manager for entry in applied.metadata.managedFields], applied.metadata
    maps.delete(name="dynamic", namespace=NAMESPACE)


def from_yaml():
    documents = [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "from-yaml"}, "data": {"a": "b"}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "from-yaml"}, "spec": {"ports": [{"port": 80}]}},
    ]
    for document in documents:
        utils.create_from_dict(client.ApiClient(), document, namespace=NAMESPACE)
    service = core.read_namespaced_service("from-yaml", NAMESPACE)
    assert service.spec.ports[0].target_port == 80, service.spec


def reviews():
    attributes = client.V1ResourceAttributes(namespace=NAMESPACE, verb="get", resource="pods")
    body = client.V1SelfSubjectAccessReview(
        spec=client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes)
    )
    assert client.AuthorizationV1Api().create_self_subject_access_review(body).status.allowed


def custom_resources():
    name = f"pythons.{NAMESPACE}.example.com"
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"length": {"type": "integer"}}}}}
    body = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {
            "group": f"{NAMESPACE}.example.com",
            "names": {"plural": "pythons", "kind": "Python"},
            "scope": "Namespaced",
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
        },
    }
    definitions = client.ApiextensionsV1Api()
    definitions.create_custom_resource_definition(body)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            conditions = definitions.read_custom_resource_definition(name).status.conditions or []
            if any(each.type == "Established" and each.status == "True" for each in conditions):
                break
            assert time.monotonic() < deadline, conditions
            time.sleep(0.05)
        objects = client.CustomObjectsApi()
        where = (f"{NAMESPACE}.example.com", "v1", NAMESPACE, "pythons")
        snake = {"apiVersion": f"{NAMESPACE}.example.com/v1", "kind": "Python", "metadata": {"name": "a"}, "spec": {"length": 3}}
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                objects.create_namespaced_custom_object(*where, snake)
                break
            except ApiException as error:
                # The real server needs a moment after it has said that the kind is there.
                if error.status != 404 or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        snake["spec"]["length"] = "long"
        snake["metadata"]["name"] = "b"
        refused(422, objects.create_namespaced_custom_object, *where, snake)
        patched = objects.patch_namespaced_custom_object(*where, "a", {"spec": {"length": 4}})
        assert patched["spec"]["length"] == 4, patched
        assert len(objects.list_namespaced_custom_object(*where)["items"]) == 1
    finally:
        definitions.delete_custom_resource_definition(name)


def collections():
    core.delete_collection_namespaced_config_map(NAMESPACE, label_selector="page=yes")
    assert core.list_namespaced_config_map(NAMESPACE, label_selector="page=yes").items == []


STEPS = [
    ("typed calls create, read, replace, patch and delete", typed),
    ("what is wrong is refused with what programs look for", refusals),
    ("bytes arrive as they left", binary),
    ("a watch follows from where a list ended", watches),
    ("a watch ends when its time is over", watch_ends),
    ("a list comes in pages", pages),
    ("deployments have scale and status", workloads),
    ("the dynamic client finds kinds and applies", dynamic_client),
    ("dictionaries are created by their kind", from_yaml),
    ("one may ask what one may", reviews),
    ("custom resources are defined and used", custom_resources),
    ("a collection is deleted by selector", collections),
]

for title, step in STEPS:
    line = {"name": title}
    try:
        step()
    except Exception:  # pylint: disable=broad-except
        line["error"] = traceback.format_exc(limit=-3)
    print(json.dumps(line), flush=True)
