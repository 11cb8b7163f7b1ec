package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"twinspect.dev/release/notify"
	"twinspect.dev/release/policyfile"
)

// files are those whose changes are followed.
func (s *gateServer) files() []string {
	files, err := s.policies.Files()
	if err != nil {
		files = nil // a folder that is away is a change like another
	}
	for _, file := range []string{s.opt.access, s.opt.notify} {
		if file != "" {
			files = append(files, file)
		}
	}
	return files
}

// reload reads the files anew. What is wrong with one of them leaves it as it was.
func (s *gateServer) reload() {
	err := errors.Join(s.policies.Reload(), s.keeper.Reload(), s.reloadNotifier())
	if err != nil {
		s.log.Error("what was read anew is wrong: the old holds on", "error", err)
		return
	}
	s.filePolicies(context.Background())
	s.log.Info("read policies, access and notifications anew", "policies", len(s.policies.All()))
}

func (s *gateServer) reloadNotifier() error {
	if s.notifier == nil {
		return nil
	}
	config, err := notify.Read(s.opt.notify, s.env.Getenv)
	if err != nil {
		return err
	}
	s.notifier.Reload(config)
	return nil
}

func (s *gateServer) openNotifier() error {
	if s.opt.notify == "" {
		return nil
	}
	config, err := notify.Read(s.opt.notify, s.env.Getenv)
	if err != nil {
		return err
	}
	s.notifier = notify.New(config, notify.Options{URL: s.opt.url, Log: s.log})
	return s.tel.Account("twinspect.gate.notify", s.notifier.Account)
}

// filePolicies keeps the text of each policy, so that it can be looked up what a
// verdict was given by.
func (s *gateServer) filePolicies(ctx context.Context) {
	files, err := s.policies.Files()
	for _, file := range files {
		err = errors.Join(err, s.filePolicy(ctx, file))
	}
	if err != nil {
		s.log.Warn("not every policy could be kept", "error", err)
	}
}

func (s *gateServer) filePolicy(ctx context.Context, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	p, err := policyfile.Parse(file, text)
	if err != nil {
		return err
	}
	if _, err := s.store.AddPolicy(ctx, p.Name, p.Digest, string(text)); err != nil {
		return fmt.Errorf("keep the policy %s: %w", p.Name, err)
	}
	return nil
}
