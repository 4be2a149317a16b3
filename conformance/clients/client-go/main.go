// Speaks to the cluster of $KUBECONFIG as programs written with the official Go client do: typed calls and shared
// informers over protobuf, server-side apply, metadata and dynamic clients, discovery, leader election. Prints a line of
// JSON for each thing it tried: {"name": …, "error": …}. The suite in ../clients.test.ts turns those into tests.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	appsapply "k8s.io/client-go/applyconfigurations/apps/v1"
	coreapply "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/pager"
	"k8s.io/client-go/util/retry"
)

// A step may take this long.
const patience = 20 * time.Second

type suite struct {
	ctx       context.Context
	config    *rest.Config
	clients   *kubernetes.Clientset
	namespace string
}

func main() {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	must(err)
	config.ContentType = runtime.ContentTypeProtobuf
	config.AcceptContentTypes = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON
	config.QPS = -1
	s := &suite{ctx: context.Background(), config: config, clients: kubernetes.NewForConfigOrDie(config), namespace: os.Args[1]}
	steps := []struct {
		name string
		run  func(*suite) error
	}{
		{"typed calls create, get, update, patch and delete", (*suite).typed},
		{"errors are the errors that programs look for", (*suite).errors},
		{"a conflict is retried", (*suite).conflict},
		{"shared informers sync and follow", (*suite).sharedInformers},
		{"a pager reads a list in chunks", (*suite).chunks},
		{"server-side apply takes and defends fields", (*suite).apply},
		{"deployments have scale and status", (*suite).deployments},
		{"metadata informers see metadata alone", (*suite).metadataInformers},
		{"a dynamic client reads what it has no types for", (*suite).dynamic},
		{"discovery finds groups and resources", (*suite).discovery},
		{"a leader is elected by lease, and another follows", (*suite).election},
		{"a collection is deleted by selector", (*suite).deleteCollection},
	}
	for _, step := range steps {
		report(step.name, step.run(s))
	}
}

func report(name string, err error) {
	line := map[string]string{"name": name}
	if err != nil {
		line["error"] = err.Error()
	}
	must(json.NewEncoder(os.Stdout).Encode(line))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func configMap(name string, labels map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}, Data: map[string]string{"key": "value"}}
}

func expect(ok bool, format string, args ...any) error {
	if ok {
		return nil
	}
	return fmt.Errorf(format, args...)
}

func (s *suite) eventually(what string, ok func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	for {
		done, err := ok()
		if err != nil || done {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("in %v it did not happen that %s", patience, what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *suite) typed() error {
	maps := s.clients.CoreV1().ConfigMaps(s.namespace)
	made, err := maps.Create(s.ctx, configMap("typed", nil), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if err := expect(made.UID != "" && !made.CreationTimestamp.IsZero(), "no uid or creation time in %v", made.ObjectMeta); err != nil {
		return err
	}
	made.BinaryData = map[string][]byte{"bytes": {0, 1, 2, 255}}
	if made, err = maps.Update(s.ctx, made, metav1.UpdateOptions{}); err != nil {
		return err
	}
	patches := map[types.PatchType]string{
		types.StrategicMergePatchType: `{"data":{"strategic":"1"}}`,
		types.MergePatchType:          `{"data":{"merge":"1","key":null}}`,
		types.JSONPatchType:           `[{"op":"add","path":"/data/json","value":"1"}]`,
	}
	for kind, patch := range patches {
		if _, err := maps.Patch(s.ctx, "typed", kind, []byte(patch), metav1.PatchOptions{}); err != nil {
			return fmt.Errorf("%s: %w", kind, err)
		}
	}
	read, err := maps.Get(s.ctx, "typed", metav1.GetOptions{})
	if err != nil {
		return err
	}
	want := map[string]string{"strategic": "1", "merge": "1", "json": "1"}
	if err := expect(fmt.Sprint(read.Data) == fmt.Sprint(want), "data is %v", read.Data); err != nil {
		return err
	}
	if err := expect(string(read.BinaryData["bytes"]) == "\x00\x01\x02\xff", "bytes are %v", read.BinaryData); err != nil {
		return err
	}
	uid := types.UID("another")
	err = maps.Delete(s.ctx, "typed", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}})
	if err := expect(apierrors.IsConflict(err), "deletion of another uid: %v", err); err != nil {
		return err
	}
	return maps.Delete(s.ctx, "typed", metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &read.UID}})
}

func (s *suite) errors() error {
	maps := s.clients.CoreV1().ConfigMaps(s.namespace)
	_, err := maps.Get(s.ctx, "nothing", metav1.GetOptions{})
	if err := expect(apierrors.IsNotFound(err), "get of nothing: %v", err); err != nil {
		return err
	}
	if _, err = maps.Create(s.ctx, configMap("errors", nil), metav1.CreateOptions{}); err != nil {
		return err
	}
	_, err = maps.Create(s.ctx, configMap("errors", nil), metav1.CreateOptions{})
	if err := expect(apierrors.IsAlreadyExists(err), "create of what is there: %v", err); err != nil {
		return err
	}
	_, err = maps.Create(s.ctx, configMap("Not_A_Name", nil), metav1.CreateOptions{})
	if err := expect(apierrors.IsInvalid(err), "create of an invalid name: %v", err); err != nil {
		return err
	}
	var status apierrors.APIStatus
	if err := expect(errors.As(err, &status) && len(status.Status().Details.Causes) == 1, "causes in %v", err); err != nil {
		return err
	}
	_, err = maps.List(s.ctx, metav1.ListOptions{Continue: "nonsense"})
	if err := expect(apierrors.IsBadRequest(err) || apierrors.IsResourceExpired(err), "nonsense to continue: %v", err); err != nil {
		return err
	}
	return nil
}

func (s *suite) conflict() error {
	maps := s.clients.CoreV1().ConfigMaps(s.namespace)
	stale, err := maps.Create(s.ctx, configMap("conflict", nil), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	newer := stale.DeepCopy()
	newer.Data["newer"] = "1"
	if _, err := maps.Update(s.ctx, newer, metav1.UpdateOptions{}); err != nil {
		return err
	}
	stale.Data["stale"] = "1"
	_, err = maps.Update(s.ctx, stale, metav1.UpdateOptions{})
	if err := expect(apierrors.IsConflict(err), "update of a stale object: %v", err); err != nil {
		return err
	}
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		current, err := maps.Get(s.ctx, "conflict", metav1.GetOptions{})
		if err != nil {
			return err
		}
		current.Data["retried"] = "1"
		_, err = maps.Update(s.ctx, current, metav1.UpdateOptions{})
		return err
	})
}

// The factory's informers open with WatchList, as client-go does by itself from 1.35 on.
func (s *suite) sharedInformers() error {
	maps := s.clients.CoreV1().ConfigMaps(s.namespace)
	if _, err := maps.Create(s.ctx, configMap("before", map[string]string{"followed": "yes"}), metav1.CreateOptions{}); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	factory := informers.NewSharedInformerFactoryWithOptions(s.clients, 0, informers.WithNamespace(s.namespace),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = "followed=yes" }))
	followed := factory.Core().V1().ConfigMaps()
	var mutex sync.Mutex
	var seen []string
	note := func(what string, object any) {
		mutex.Lock()
		defer mutex.Unlock()
		if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
			object = gone.Obj
		}
		seen = append(seen, what+" "+object.(*corev1.ConfigMap).Name)
	}
	_, err := followed.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { note("add", object) },
		UpdateFunc: func(_, object any) { note("update", object) },
		DeleteFunc: func(object any) { note("delete", object) },
	})
	if err != nil {
		return err
	}
	// Others beside it, so that every kind's decoder is used.
	factory.Core().V1().Pods().Informer()
	factory.Core().V1().Services().Informer()
	factory.Core().V1().Events().Informer()
	factory.Apps().V1().Deployments().Informer()
	factory.Apps().V1().ReplicaSets().Informer()
	factory.Batch().V1().Jobs().Informer()
	if _, err := s.clients.Discovery().ServerResourcesForGroupVersion("discovery.k8s.io/v1"); err == nil { // since 1.21
		factory.Discovery().V1().EndpointSlices().Informer()
	}
	factory.Coordination().V1().Leases().Informer()
	factory.Rbac().V1().ClusterRoles().Informer()
	factory.Core().V1().Nodes().Informer()
	factory.Start(ctx.Done())
	for kind, ok := range factory.WaitForCacheSync(ctx.Done()) {
		if !ok {
			return fmt.Errorf("the informer of %v did not sync", kind)
		}
	}
	made, err := maps.Create(s.ctx, configMap("during", map[string]string{"followed": "yes"}), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	made.Data["more"] = "1"
	if made, err = maps.Update(s.ctx, made, metav1.UpdateOptions{}); err != nil {
		return err
	}
	// Leaves the selector: a deletion to who follows it.
	made.Labels = nil
	if _, err = maps.Update(s.ctx, made, metav1.UpdateOptions{}); err != nil {
		return err
	}
	if err := maps.Delete(s.ctx, "before", metav1.DeleteOptions{}); err != nil {
		return err
	}
	want := "add before,add during,update during,delete during,delete before"
	err = s.eventually("the informer saw "+want, func() (bool, error) {
		mutex.Lock()
		defer mutex.Unlock()
		return strings.Join(seen, ",") == want, nil
	})
	if err != nil {
		return fmt.Errorf("%w but %v", err, seen)
	}
	left, err := followed.Lister().ConfigMaps(s.namespace).List(labels.Everything())
	if err != nil {
		return err
	}
	return expect(len(left) == 0, "%d objects left in the cache", len(left))
}

func (s *suite) chunks() error {
	maps := s.clients.CoreV1().ConfigMaps(s.namespace)
	for i := range 25 {
		if _, err := maps.Create(s.ctx, configMap(fmt.Sprintf("chunk-%02d", i), map[string]string{"chunk": "yes"}), metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	pages := 0
	lister := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		pages++
		return maps.List(ctx, options)
	})
	lister.PageSize = 10
	var names []string
	err := lister.EachListItem(s.ctx, metav1.ListOptions{LabelSelector: "chunk=yes"}, func(object runtime.Object) error {
		names = append(names, object.(*corev1.ConfigMap).Name)
		return nil
	})
	if err != nil {
		return err
	}
	return expect(len(names) == 25 && pages == 3 && names[24] == "chunk-24", "%d pages: %v", pages, names)
}

func (s *suite) apply() error {
	maps := s.clients.CoreV1().ConfigMaps(s.namespace)
	of := func(value string) *coreapply.ConfigMapApplyConfiguration {
		return coreapply.ConfigMap("applied", s.namespace).WithData(map[string]string{"key": value})
	}
	if _, err := maps.Apply(s.ctx, of("one"), metav1.ApplyOptions{FieldManager: "first"}); err != nil {
		return err
	}
	_, err := maps.Apply(s.ctx, of("two"), metav1.ApplyOptions{FieldManager: "second"})
	if err := expect(apierrors.IsConflict(err), "apply of what another owns: %v", err); err != nil {
		return err
	}
	forced, err := maps.Apply(s.ctx, of("two"), metav1.ApplyOptions{FieldManager: "second", Force: true})
	if err != nil {
		return err
	}
	if err := expect(forced.Data["key"] == "two", "data is %v", forced.Data); err != nil {
		return err
	}
	// An empty configuration gives up what the manager owned alone.
	empty := coreapply.ConfigMap("applied", s.namespace)
	left, err := maps.Apply(s.ctx, empty, metav1.ApplyOptions{FieldManager: "second"})
	if err != nil {
		return err
	}
	if err := expect(len(left.Data) == 0, "data is still %v", left.Data); err != nil {
		return err
	}
	extracted, err := coreapply.ExtractConfigMap(forced, "second")
	if err != nil {
		return err
	}
	return expect(extracted.Data["key"] == "two", "extracted %v", extracted.Data)
}

func podTemplate(labels map[string]string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: labels},
		Spec: corev1.PodSpec{
			SchedulerName: "conformance-nobody",
			Containers:    []corev1.Container{{Name: "main", Image: "example.invalid/main:1"}},
		},
	}
}

func (s *suite) deployments() error {
	deployments := s.clients.AppsV1().Deployments(s.namespace)
	selector := map[string]string{"app": "deployed"}
	none := int32(0)
	made, err := deployments.Create(s.ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "deployed"},
		Spec:       appsv1.DeploymentSpec{Replicas: &none, Selector: &metav1.LabelSelector{MatchLabels: selector}, Template: podTemplate(selector)},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if err := expect(made.Generation == 1 && made.Spec.Strategy.Type == appsv1.RollingUpdateDeploymentStrategyType, "made %v", made.Spec); err != nil {
		return err
	}
	scale, err := deployments.GetScale(s.ctx, "deployed", metav1.GetOptions{})
	if err != nil {
		return err
	}
	if err := expect(scale.Status.Selector == "app=deployed", "scale is %v", scale); err != nil {
		return err
	}
	status := appsapply.Deployment("deployed", s.namespace).WithStatus(appsapply.DeploymentStatus().WithConditions(
		appsapply.DeploymentCondition().WithType("Tested").WithStatus(corev1.ConditionTrue).WithReason("Because")))
	applied, err := deployments.ApplyStatus(s.ctx, status, metav1.ApplyOptions{FieldManager: "tester", Force: true})
	if err != nil {
		return err
	}
	found := false
	for _, condition := range applied.Status.Conditions {
		found = found || condition.Type == "Tested"
	}
	if err := expect(found, "conditions are %v", applied.Status.Conditions); err != nil {
		return err
	}
	labelled := appsapply.Deployment("deployed", s.namespace).WithLabels(map[string]string{"a": "b"})
	if _, err := deployments.Apply(s.ctx, labelled, metav1.ApplyOptions{FieldManager: "tester"}); err != nil {
		return err
	}
	return deployments.Delete(s.ctx, "deployed", metav1.DeleteOptions{})
}

func (s *suite) metadataInformers() error {
	client, err := metadata.NewForConfig(s.config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	resource := schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	factory := metadatainformer.NewFilteredSharedInformerFactory(client, 0, s.namespace, nil)
	informer := factory.ForResource(resource)
	informer.Informer()
	factory.Start(ctx.Done())
	if !factory.WaitForCacheSync(ctx.Done())[resource] {
		return errors.New("the informer did not sync")
	}
	object, err := informer.Lister().ByNamespace(s.namespace).Get("chunk-00")
	if err != nil {
		return err
	}
	meta, ok := object.(*metav1.PartialObjectMetadata)
	return expect(ok && meta.Labels["chunk"] == "yes" && meta.UID != "", "the cache holds %v", object)
}

func (s *suite) dynamic() error {
	config := rest.CopyConfig(s.config)
	config.ContentType, config.AcceptContentTypes = runtime.ContentTypeJSON, ""
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	secrets := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "secrets"}).Namespace(s.namespace)
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Secret",
		"metadata":   map[string]any{"name": "dynamic"},
		"stringData": map[string]any{"key": "value"},
	}}
	if _, err := secrets.Create(s.ctx, object, metav1.CreateOptions{FieldValidation: "Strict"}); err != nil {
		return err
	}
	read, err := secrets.Get(s.ctx, "dynamic", metav1.GetOptions{})
	if err != nil {
		return err
	}
	value, _, err := unstructured.NestedString(read.Object, "data", "key")
	if err != nil {
		return err
	}
	return expect(value == "dmFsdWU=", "data is %v", read.Object)
}

func (s *suite) discovery() error {
	groups, lists, err := s.clients.Discovery().ServerGroupsAndResources()
	if err != nil {
		return err
	}
	found := map[string]bool{}
	for _, list := range lists {
		for _, resource := range list.APIResources {
			found[list.GroupVersion+" "+resource.Name] = true
		}
	}
	for _, wanted := range []string{"v1 pods", "v1 pods/status", "apps/v1 deployments", "apps/v1 deployments/scale", "batch/v1 jobs", "rbac.authorization.k8s.io/v1 roles"} {
		if !found[wanted] {
			return fmt.Errorf("%s is not among the %d resources of %d groups", wanted, len(found), len(groups))
		}
	}
	document, err := s.clients.Discovery().OpenAPISchema()
	if err != nil {
		return err
	}
	return expect(len(document.GetDefinitions().GetAdditionalProperties()) > 100, "a schema document of too few definitions")
}

func (s *suite) election() error {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	leads := make(chan string, 2)
	run := func(ctx context.Context, name string) {
		lock := &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Name: "leader", Namespace: s.namespace},
			Client:     s.clients.CoordinationV1(),
			LockConfig: resourcelock.ResourceLockConfig{Identity: name},
		}
		leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
			Lock: lock, ReleaseOnCancel: true,
			LeaseDuration: 5 * time.Second, RenewDeadline: 3 * time.Second, RetryPeriod: 200 * time.Millisecond,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(context.Context) { leads <- name },
				OnStoppedLeading: func() {},
			},
		})
	}
	wait := func(name string) error {
		select {
		case leader := <-leads:
			return expect(leader == name, "%s leads, not %s", leader, name)
		case <-ctx.Done():
			return fmt.Errorf("%s was not elected in %v", name, patience)
		}
	}
	first, stop := context.WithCancel(ctx)
	go run(first, "first")
	if err := wait("first"); err != nil {
		stop()
		return err
	}
	go run(ctx, "second")
	stop()
	return wait("second")
}

func (s *suite) deleteCollection() error {
	maps := s.clients.CoreV1().ConfigMaps(s.namespace)
	err := maps.DeleteCollection(s.ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "chunk in (yes,maybe)"})
	if err != nil {
		return err
	}
	left, err := maps.List(s.ctx, metav1.ListOptions{LabelSelector: "chunk"})
	if err != nil {
		return err
	}
	return expect(len(left.Items) == 0, "%d are left", len(left.Items))
}
