// Asks the engine of Cyclonus, which sig-network uses to test implementations of NetworkPolicy, what policies allow.
//
// Reads from stdin {"policies": [...], "namespaces": {NAME: LABELS}, "ends": [{"namespace", "labels"} or {"ip"}], "ports": [{"number", "protocol"}],
// "questions": [[from, to]]}, and prints for each question the positions of the ports on which the connection is allowed.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	v1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

type end struct {
	Namespace string            `json:"namespace"`
	Labels    map[string]string `json:"labels"`
	IP        string            `json:"ip"`
}

type port struct {
	Number   int         `json:"number"`
	Protocol v1.Protocol `json:"protocol"`
}

type asked struct {
	Policies   []*networkingv1.NetworkPolicy `json:"policies"`
	Namespaces map[string]map[string]string  `json:"namespaces"`
	Ends       []end                         `json:"ends"`
	Ports      []port                        `json:"ports"`
	Questions  [][2]int                      `json:"questions"`
}

func main() {
	if len(os.Args) > 1 {
		fmt.Println("policies with cyclonus v0.5.6")
		return
	}
	var all asked
	if err := json.NewDecoder(os.Stdin).Decode(&all); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	policy := matcher.BuildNetworkPolicies(false, all.Policies)
	// The engine asks ranges about pods as well. No range of a policy holds this address: NetworkPolicies know pods by their labels.
	peer := func(one end) *matcher.TrafficPeer {
		if one.IP != "" {
			return &matcher.TrafficPeer{IP: one.IP}
		}
		internal := &matcher.InternalPeer{Namespace: one.Namespace, NamespaceLabels: all.Namespaces[one.Namespace], PodLabels: one.Labels}
		return &matcher.TrafficPeer{Internal: internal, IP: "fd00::1"}
	}
	answers := make([][]int, len(all.Questions))
	for number, question := range all.Questions {
		answers[number] = []int{}
		from, to := peer(all.Ends[question[0]]), peer(all.Ends[question[1]])
		for at, one := range all.Ports {
			traffic := &matcher.Traffic{Source: from, Destination: to, ResolvedPort: one.Number, Protocol: one.Protocol}
			if policy.IsTrafficAllowed(traffic).IsAllowed() {
				answers[number] = append(answers[number], at)
			}
		}
	}
	_ = json.NewEncoder(os.Stdout).Encode(answers)
}
