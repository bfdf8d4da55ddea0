//go:build linux

package faulttest

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/report"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/sandbox"
	"github.com/chancela/chancela/storage"
	"github.com/chancela/chancela/storage/archive"
)

// artifacts reads every manifest and every file again and compares the hashes with the
// simulators' own.
func (j *judge) artifacts() {
	store, err := storage.Open(j.t.Context(), j.sys.env["CHANCELA_ARCHIVE_URL"])
	if err != nil {
		j.t.Error(err)
		return
	}
	type result struct {
		key  string
		n    int
		errs []string
	}
	var keys []string
	for key, rep := range j.reports {
		if rep.State == "archived" {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	results := make([]result, len(keys))
	var g errgroup.Group
	g.SetLimit(4)
	for i, key := range keys {
		g.Go(func() error {
			n, errs := compare(j.t.Context(), store, j.reports[key], j.books[key])
			results[i] = result{key, n, errs}
			return nil
		})
	}
	_ = g.Wait() // compare gives its errors with its result
	for _, r := range results {
		j.checked += r.n
		for _, e := range r.errs {
			j.complain(&j.badHashes, "%s: %s", r.key, e)
		}
	}
}

// compare gives how many files were compared, and what is wrong with them.
func compare(ctx context.Context, store archive.Archive, rep jobs.Report, books []sandbox.Entry) (n int, wrong []string) {
	m, err := report.ReadManifest(ctx, store, rep.Campaign, rep.ID)
	if err != nil {
		return 0, []string{err.Error()}
	}
	offered := map[string]int{}
	for _, e := range books {
		if e.Invitations > 0 {
			for _, a := range e.Artifacts {
				offered[string(a.Kind)+" "+a.SHA256]++
			}
		}
	}
	for _, f := range m.Artifacts {
		n++
		sum, err := hash(ctx, store, f.Path)
		name := string(f.Kind) + " " + f.SHA256
		switch {
		case err != nil:
			wrong = append(wrong, err.Error())
		case sum != f.SHA256:
			wrong = append(wrong, f.Path+" is not what its manifest says")
		case offered[name] == 0:
			wrong = append(wrong, f.Path+" is not what the provider served")
		}
		offered[name]--
	}
	for name, left := range offered {
		if left > 0 && !strings.HasPrefix(name, string(providers.Package)) {
			wrong = append(wrong, "not archived: "+name)
		}
	}
	if len(rep.Artifacts) != len(m.Artifacts) {
		wrong = append(wrong, "report and manifest differ")
	}
	return n, wrong
}

func hash(ctx context.Context, store archive.Archive, key string) (string, error) {
	r, _, err := store.Open(ctx, key)
	if err != nil {
		return "", err
	}
	defer r.Close()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

var digits = regexp.MustCompile(`[0-9]{11,14}|[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}`)

// logs looks for people and secrets in everything that was logged, and for what no process
// should say.
func (j *judge) logs(dir string, private map[string]bool) {
	secrets := map[string]string{}
	for name, value := range j.sys.env {
		if strings.HasSuffix(name, "_API_KEY") || strings.HasSuffix(name, "_SECRET") || name == "AWS_SECRET_ACCESS_KEY" {
			secrets[name] = value
		}
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.log"))
	if err != nil || len(files) == 0 {
		j.t.Error("no logs: ", err)
	}
	found := 0
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			j.t.Error(err)
			continue
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 4<<20)
		for lines.Scan() {
			line := lines.Text()
			for _, what := range []string{surname, mailDomain, "panic:", "fatal error:", "undecodable"} {
				if strings.Contains(line, what) {
					j.complain(&found, "%s has %q: %s", filepath.Base(name), what, last(line, 400))
				}
			}
			for _, n := range digits.FindAllString(line, -1) {
				if private[strings.NewReplacer(".", "", "-", "").Replace(n)] {
					j.complain(&found, "%s has a person's number: %s", filepath.Base(name), last(line, 400))
				}
			}
			for variable, value := range secrets {
				if value != "" && strings.Contains(line, value) {
					j.complain(&found, "%s has the value of %s", filepath.Base(name), variable)
				}
			}
		}
		if err := lines.Err(); err != nil {
			j.t.Error(name, ": ", err)
		}
		f.Close()
	}
}
