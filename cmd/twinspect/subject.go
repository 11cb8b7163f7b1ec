package main

import (
	"github.com/spf13/pflag"

	"twinspect.dev/cmd/internal/cli"
	"twinspect.dev/release"
)

// subjectOptions say what something is of.
type subjectOptions struct{ release.Subject }

func (o *subjectOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.Service, "service", "", "name of the service")
	flags.StringVar(&o.Digest, "digest", "", "digest of the image that is released: sha256:…")
	flags.StringVar(&o.BaseDigest, "base-digest", "", "digest of the image that it replaces")
}

// originOptions say where something comes from.
type originOptions struct{ release.Origin }

func (o *originOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&o.Branch, "branch", "", "the branch that it was built from")
	flags.StringVar(&o.Commit, "commit", "", "the commit")
	flags.StringVar(&o.Pipeline, "pipeline", "", "the pipeline")
	flags.StringVar(&o.Job, "job", "", "the job of the pipeline")
	flags.StringVar(&o.URL, "run-url", "", "where a person looks at the run")
}

// fill takes what was not said from the variables that pipelines set: GitHub Actions,
// GitLab CI, Jenkins.
func (o *originOptions) fill(env cli.Env) {
	for _, f := range []struct {
		value *string
		names []string
	}{
		{&o.Branch, []string{"GITHUB_HEAD_REF", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME", "BRANCH_NAME"}},
		{&o.Commit, []string{"GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT"}},
		{&o.Pipeline, []string{"GITHUB_RUN_ID", "CI_PIPELINE_ID", "BUILD_TAG"}},
		{&o.Job, []string{"GITHUB_JOB", "CI_JOB_NAME", "STAGE_NAME"}},
		{&o.URL, []string{"CI_JOB_URL", "BUILD_URL"}},
	} {
		for _, name := range f.names {
			if *f.value == "" {
				*f.value = env.Getenv(name)
			}
		}
	}
	if repository := env.Getenv("GITHUB_REPOSITORY"); o.URL == "" && repository != "" {
		o.URL = env.Getenv("GITHUB_SERVER_URL") + "/" + repository + "/actions/runs/" + env.Getenv("GITHUB_RUN_ID")
	}
}
