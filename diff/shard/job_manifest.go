package shard

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// The parts of the Kubernetes API that a Job of workers has (batch/v1 and
// core/v1), in the order in which they are written.

type resource[T any] struct {
	APIVersion string            `yaml:"apiVersion"`
	Kind       string            `yaml:"kind"`
	Metadata   metadata          `yaml:"metadata"`
	Immutable  bool              `yaml:"immutable,omitempty"`
	Data       map[string]string `yaml:"data,omitempty"`
	Spec       T                 `yaml:"spec,omitempty"`
}

type metadata struct {
	Name      string `yaml:"name,omitempty"`
	Namespace string `yaml:"namespace,omitempty"`
	Labels    labels `yaml:"labels"`
}

type labels struct {
	Name     string `yaml:"app.kubernetes.io/name"`
	Instance string `yaml:"app.kubernetes.io/instance"`
	Run      string `yaml:"twinspect.dev/run"`
}

type jobSpec struct {
	CompletionMode          string      `yaml:"completionMode"`
	Completions             int         `yaml:"completions"`
	Parallelism             int         `yaml:"parallelism"`
	BackoffLimitPerIndex    int         `yaml:"backoffLimitPerIndex"`
	ActiveDeadlineSeconds   int64       `yaml:"activeDeadlineSeconds,omitempty"`
	TTLSecondsAfterFinished int64       `yaml:"ttlSecondsAfterFinished"`
	PodFailurePolicy        policy      `yaml:"podFailurePolicy"`
	Template                podTemplate `yaml:"template"`
}

type policy struct {
	Rules []policyRule `yaml:"rules"`
}

type policyRule struct {
	Action          string         `yaml:"action"`
	OnExitCodes     *exitCodes     `yaml:"onExitCodes,omitempty"`
	OnPodConditions []podCondition `yaml:"onPodConditions,omitempty"`
}

type exitCodes struct {
	ContainerName string `yaml:"containerName"`
	Operator      string `yaml:"operator"`
	Values        []int  `yaml:"values"`
}

type podCondition struct {
	Type   string `yaml:"type"`
	Status string `yaml:"status"`
}

type podTemplate struct {
	Metadata metadata `yaml:"metadata"`
	Spec     podSpec  `yaml:"spec"`
}

type podSpec struct {
	RestartPolicy                 string      `yaml:"restartPolicy"`
	ServiceAccountName            string      `yaml:"serviceAccountName,omitempty"`
	AutomountServiceAccountToken  bool        `yaml:"automountServiceAccountToken"`
	EnableServiceLinks            bool        `yaml:"enableServiceLinks"`
	TerminationGracePeriodSeconds int         `yaml:"terminationGracePeriodSeconds"`
	SecurityContext               podSecurity `yaml:"securityContext"`
	Containers                    []container `yaml:"containers"`
	Volumes                       []volume    `yaml:"volumes"`
}

type podSecurity struct {
	RunAsNonRoot   bool    `yaml:"runAsNonRoot"`
	RunAsUser      int     `yaml:"runAsUser"`
	RunAsGroup     int     `yaml:"runAsGroup"`
	FSGroup        int     `yaml:"fsGroup"`
	SeccompProfile seccomp `yaml:"seccompProfile"`
}

type seccomp struct {
	Type string `yaml:"type"`
}

type container struct {
	Name            string      `yaml:"name"`
	Image           string      `yaml:"image"`
	Args            []string    `yaml:"args"`
	Env             []variable  `yaml:"env"`
	Resources       resources   `yaml:"resources"`
	SecurityContext security    `yaml:"securityContext"`
	VolumeMounts    []mountedAt `yaml:"volumeMounts"`
}

type variable struct {
	Name      string     `yaml:"name"`
	Value     string     `yaml:"value,omitempty"`
	ValueFrom *valueFrom `yaml:"valueFrom,omitempty"`
}

type valueFrom struct {
	SecretKeyRef *secretRef `yaml:"secretKeyRef,omitempty"`
	FieldRef     *fieldRef  `yaml:"fieldRef,omitempty"`
}

type secretRef struct {
	Name string `yaml:"name"`
	Key  string `yaml:"key"`
}

type fieldRef struct {
	FieldPath string `yaml:"fieldPath"`
}

type resources struct {
	Requests amounts `yaml:"requests"`
	Limits   amounts `yaml:"limits"`
}

type amounts struct {
	CPU    string `yaml:"cpu,omitempty"`
	Memory string `yaml:"memory"`
}

type security struct {
	AllowPrivilegeEscalation bool         `yaml:"allowPrivilegeEscalation"`
	ReadOnlyRootFilesystem   bool         `yaml:"readOnlyRootFilesystem"`
	Capabilities             capabilities `yaml:"capabilities"`
}

type capabilities struct {
	Drop []string `yaml:"drop"`
}

type mountedAt struct {
	Name      string `yaml:"name"`
	MountPath string `yaml:"mountPath"`
	ReadOnly  bool   `yaml:"readOnly,omitempty"`
}

type volume struct {
	Name                  string     `yaml:"name"`
	ConfigMap             *nameOf    `yaml:"configMap,omitempty"`
	PersistentVolumeClaim *claimName `yaml:"persistentVolumeClaim,omitempty"`
}

type nameOf struct {
	Name string `yaml:"name"`
}

type claimName struct {
	ClaimName string `yaml:"claimName"`
}

func (s *JobSpec) metadata() metadata {
	return metadata{
		Name: s.Name, Namespace: s.Namespace,
		Labels: labels{Name: "twinspect-worker", Instance: s.Name, Run: s.Plan.Run},
	}
}

func (s *JobSpec) configMap(plan string) any {
	return resource[*struct{}]{
		APIVersion: "v1", Kind: "ConfigMap", Metadata: s.metadata(),
		// A plan that changes under its workers would not be theirs any more.
		Immutable: true, Data: map[string]string{planFile: plan},
	}
}

func (s *JobSpec) job() any {
	pod := metadata{Labels: s.metadata().Labels}
	return resource[jobSpec]{
		APIVersion: "batch/v1", Kind: "Job", Metadata: s.metadata(),
		Spec: jobSpec{
			CompletionMode: "Indexed", Completions: s.Workers, Parallelism: s.Workers,
			BackoffLimitPerIndex:  cmp.Or(s.Retries, defaultRetries),
			ActiveDeadlineSeconds: seconds(s.Deadline), TTLSecondsAfterFinished: seconds(cmp.Or(s.Keep, time.Hour)),
			PodFailurePolicy: failurePolicy(),
			Template:         podTemplate{Metadata: pod, Spec: s.pod()},
		},
	}
}

// seconds rounds up, so that what is positive stays so.
func seconds(d time.Duration) int64 {
	return int64(d/time.Second) + int64(min(d%time.Second, 1))
}

// failurePolicy is what [JobManifest] says about exit codes. The first rule that
// fits decides.
func failurePolicy() policy {
	on := func(codes ...int) *exitCodes { return &exitCodes{containerName, "In", codes} }
	return policy{[]policyRule{
		{Action: "Ignore", OnPodConditions: []podCondition{{"DisruptionTarget", "True"}}},
		{Action: "FailJob", OnExitCodes: on(2)},
		{Action: "Ignore", OnExitCodes: on(130)},
	}}
}

// nobody is the user that images without one of their own run as.
const nobody = 65532

func (s *JobSpec) pod() podSpec {
	volumes := []volume{{Name: "plan", ConfigMap: &nameOf{s.Name}}}
	if s.Volume != nil {
		volumes = append(volumes, volume{Name: "store", PersistentVolumeClaim: &claimName{s.Volume.Claim}})
	}
	return podSpec{
		RestartPolicy: "Never", ServiceAccountName: s.ServiceAccount, AutomountServiceAccountToken: s.ServiceAccount != "",
		TerminationGracePeriodSeconds: 30,
		SecurityContext: podSecurity{
			RunAsNonRoot: true, RunAsUser: nobody, RunAsGroup: nobody, FSGroup: nobody, SeccompProfile: seccomp{"RuntimeDefault"},
		},
		Containers: []container{s.container()}, Volumes: volumes,
	}
}

func (s *JobSpec) container() container {
	memory := cmp.Or(s.Memory, "512Mi")
	mounts := []mountedAt{{Name: "plan", MountPath: planFolder, ReadOnly: true}}
	if s.Volume != nil {
		mounts = append(mounts, mountedAt{Name: "store", MountPath: s.Volume.Path})
	}
	return container{
		Name: containerName, Image: s.Image,
		Args: append([]string{"worker", "--plan", planFolder + "/" + planFile, "--store", s.Store}, s.Args...),
		Env:  s.env(),
		// No limit of the processor: a worker that is throttled measures its own
		// pauses.
		Resources:       resources{Requests: amounts{cmp.Or(s.CPU, "500m"), memory}, Limits: amounts{Memory: memory}},
		SecurityContext: security{ReadOnlyRootFilesystem: true, Capabilities: capabilities{[]string{"ALL"}}},
		VolumeMounts:    mounts,
	}
}

func (s *JobSpec) env() []variable {
	all := []variable{{Name: podName, ValueFrom: &valueFrom{FieldRef: &fieldRef{"metadata.name"}}}}
	for _, name := range slices.Sorted(maps.Keys(s.Env)) {
		all = append(all, variable{Name: name, Value: s.Env[name]})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Secrets)) {
		from := s.Secrets[name]
		all = append(all, variable{Name: name, ValueFrom: &valueFrom{SecretKeyRef: &secretRef{from.Secret, from.Key}}})
	}
	return all
}
