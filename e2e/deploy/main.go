// Command deploy reads what is under deploy/ as those who will read it do, and fails on whatever they do not know.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"regexp"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

// kustomization has the members that are used.
type kustomization struct {
	APIVersion      string   `json:"apiVersion"`
	Kind            string   `json:"kind"`
	Resources       []string `json:"resources"`
	SecretGenerator []struct {
		Name  string   `json:"name"`
		Files []string `json:"files"`
	} `json:"secretGenerator"`
}

var kind = regexp.MustCompile(`(?m)^kind: (\w+)$`)

func main() {
	log.SetFlags(0)
	root := "../.."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	files, err := filepath.Glob(filepath.Join(root, "deploy", "kubernetes", "*.yaml"))
	if err != nil || len(files) < 5 {
		log.Fatalf("%d manifests, %v", len(files), err)
	}
	for _, file := range files {
		if err := check(file); err != nil {
			log.Fatalf("%s: %v", filepath.Base(file), err)
		}
		fmt.Println("ok  ", filepath.Base(file))
	}
	collector := filepath.Join(root, "deploy", "otel", "collector.yaml")
	if err := checkYAML(collector); err != nil {
		log.Fatalf("%s: %v", filepath.Base(collector), err)
	}
	fmt.Println("ok  ", filepath.Base(collector))
	dashboard := filepath.Join(root, "deploy", "grafana", "ordergraph.json")
	if err := checkDashboard(dashboard); err != nil {
		log.Fatalf("%s: %v", filepath.Base(dashboard), err)
	}
	fmt.Println("ok  ", filepath.Base(dashboard))
}

// checkYAML reads a file of which the types are not known here: no key may come twice.
func checkYAML(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return yaml.UnmarshalStrict(text, &map[string]any{})
}

// check reads a manifest into the type that its kind names.
func check(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		named := kind.FindSubmatch(document)
		if named == nil {
			return fmt.Errorf("no kind")
		}
		var into any
		switch string(named[1]) {
		case "Deployment":
			into = &appsv1.Deployment{}
		case "Service":
			into = &corev1.Service{}
		case "PodDisruptionBudget":
			into = &policyv1.PodDisruptionBudget{}
		case "NetworkPolicy":
			into = &networkingv1.NetworkPolicy{}
		case "Kustomization":
			into = &kustomization{}
		default:
			return fmt.Errorf("the kind %s is not known here", named[1])
		}
		if err := yaml.UnmarshalStrict(document, into); err != nil {
			return err
		}
		if list, ok := into.(*kustomization); ok {
			for _, name := range list.Resources {
				if _, err := os.Stat(filepath.Join(filepath.Dir(file), name)); err != nil {
					return err
				}
			}
		}
		if d, ok := into.(*appsv1.Deployment); ok {
			if err := checkDeployment(d); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkDeployment wants what a strict reading does not tell.
func checkDeployment(d *appsv1.Deployment) error {
	pod := d.Spec.Template.Spec
	if pod.EnableServiceLinks == nil || *pod.EnableServiceLinks {
		return fmt.Errorf("the variables of other Services would stop the start")
	}
	for _, container := range pod.Containers {
		if container.ReadinessProbe == nil || container.LivenessProbe == nil || container.StartupProbe == nil {
			return fmt.Errorf("%s lacks a probe", container.Name)
		}
		if _, limited := container.Resources.Limits["memory"]; !limited {
			return fmt.Errorf("%s has no limit of its memory", container.Name)
		}
	}
	return nil
}
