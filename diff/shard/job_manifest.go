package shard

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// The parts of the Kubernetes API that a Job of workers has (batch/v1 and
// core/v1), in the order in which they are written.

// text is always written in quotes: which words stand for something else than
// text differs between readers of YAML (1e3, yes, 0777).
type text string

// MarshalYAML implements goccy's BytesMarshaler. What JSON quotes, YAML reads
// (YAML 1.2.2, section 7.3.1).
func (t text) MarshalYAML() ([]byte, error) { return json.Marshal(string(t)) }

func texts(all []string) []text {
	list := make([]text, len(all))
	for i, s := range all {
		list[i] = text(s)
	}
	return list
}

type resource[T any] struct {
	APIVersion string            `yaml:"apiVersion"`
	Kind       string            `yaml:"kind"`
	Metadata   metadata          `yaml:"metadata"`
	Immutable  bool              `yaml:"immutable,omitempty"`
	Data       map[string]string `yaml:"data,omitempty"`
	Spec       T                 `yaml:"spec,omitempty"`
}

type metadata struct {
	Name      text   `yaml:"name,omitempty"`
	Namespace text   `yaml:"namespace,omitempty"`
	Labels    labels `yaml:"labels"`
}

type labels struct {
	Name     string `yaml:"app.kubernetes.io/name"`
	Instance text   `yaml:"app.kubernetes.io/instance"`
	Run      text   `yaml:"twinspect.dev/run"`
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
	ServiceAccountName            text        `yaml:"serviceAccountName,omitempty"`
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
	Image           text        `yaml:"image"`
	Args            []text      `yaml:"args"`
	Env             []variable  `yaml:"env"`
	Resources       resources   `yaml:"resources"`
	SecurityContext security    `yaml:"securityContext"`
	VolumeMounts    []mountedAt `yaml:"volumeMounts"`
}

type variable struct {
	Name      text       `yaml:"name"`
	Value     text       `yaml:"value,omitempty"`
	ValueFrom *valueFrom `yaml:"valueFrom,omitempty"`
}

type valueFrom struct {
	SecretKeyRef *secretRef `yaml:"secretKeyRef,omitempty"`
	FieldRef     *fieldRef  `yaml:"fieldRef,omitempty"`
}

type secretRef struct {
	Name text `yaml:"name"`
	Key  text `yaml:"key"`
}

type fieldRef struct {
	FieldPath string `yaml:"fieldPath"`
}

type resources struct {
	Requests amounts `yaml:"requests"`
	Limits   amounts `yaml:"limits"`
}

type amounts struct {
	CPU    text `yaml:"cpu,omitempty"`
	Memory text `yaml:"memory"`
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
	MountPath text   `yaml:"mountPath"`
	ReadOnly  bool   `yaml:"readOnly,omitempty"`
}

type volume struct {
	Name                  string     `yaml:"name"`
	ConfigMap             *nameOf    `yaml:"configMap,omitempty"`
	PersistentVolumeClaim *claimName `yaml:"persistentVolumeClaim,omitempty"`
}

type nameOf struct {
	Name text `yaml:"name"`
}

type claimName struct {
	ClaimName text `yaml:"claimName"`
}

func (s *JobSpec) metadata() metadata {
	return metadata{
		Name: text(s.Name), Namespace: text(s.Namespace),
		Labels: labels{Name: "twinspect-worker", Instance: text(s.Name), Run: text(s.Plan.Run)},
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
	volumes := []volume{{Name: "plan", ConfigMap: &nameOf{text(s.Name)}}}
	if s.Volume != nil {
		volumes = append(volumes, volume{Name: "store", PersistentVolumeClaim: &claimName{text(s.Volume.Claim)}})
	}
	return podSpec{
		RestartPolicy: "Never", ServiceAccountName: text(s.ServiceAccount), AutomountServiceAccountToken: s.ServiceAccount != "",
		TerminationGracePeriodSeconds: 30,
		SecurityContext: podSecurity{
			RunAsNonRoot: true, RunAsUser: nobody, RunAsGroup: nobody, FSGroup: nobody, SeccompProfile: seccomp{"RuntimeDefault"},
		},
		Containers: []container{s.container()}, Volumes: volumes,
	}
}

func (s *JobSpec) container() container {
	memory := text(cmp.Or(s.Memory, "512Mi"))
	mounts := []mountedAt{{Name: "plan", MountPath: planFolder, ReadOnly: true}}
	if s.Volume != nil {
		mounts = append(mounts, mountedAt{Name: "store", MountPath: text(s.Volume.Path)})
	}
	return container{
		Name: containerName, Image: text(s.Image),
		Args: texts(append([]string{"worker", planFolder + "/" + planFile, "--store", s.Store}, s.Args...)),
		Env:  s.env(),
		// No limit of the processor: a worker that is throttled measures its own
		// pauses.
		Resources:       resources{Requests: amounts{text(cmp.Or(s.CPU, "500m")), memory}, Limits: amounts{Memory: memory}},
		SecurityContext: security{ReadOnlyRootFilesystem: true, Capabilities: capabilities{[]string{"ALL"}}},
		VolumeMounts:    mounts,
	}
}

func (s *JobSpec) env() []variable {
	all := []variable{{Name: podName, ValueFrom: &valueFrom{FieldRef: &fieldRef{"metadata.name"}}}}
	for _, name := range slices.Sorted(maps.Keys(s.Env)) {
		all = append(all, variable{Name: text(name), Value: text(s.Env[name])})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Secrets)) {
		from := s.Secrets[name]
		all = append(all, variable{
			Name: text(name), ValueFrom: &valueFrom{SecretKeyRef: &secretRef{text(from.Secret), text(from.Key)}},
		})
	}
	return all
}
