package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/storage/ledger"
)

// campaignFlags are those of the commands that read campaign files.
type campaignFlags struct {
	campaign    string
	provider    string
	skipInvalid bool
}

func (f *campaignFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.campaign, "campaign", "", "name of the campaign (default: the file's name without its ending)")
	cmd.Flags().StringVar(&f.provider, "provider", "", "provider of rows that have no provider column: "+strings.Join(jobs.ProviderNames, ", "))
	_ = cmd.RegisterFlagCompletionFunc("provider", cobra.FixedCompletions(jobs.ProviderNames, cobra.ShellCompDirectiveNoFileComp))
}

func (f *campaignFlags) addSkip(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.skipInvalid, "skip-invalid", false, "take the good rows, and write the others with reasons to FILE.rejected.csv")
}

func (f *campaignFlags) valid() error {
	f.campaign = norm.NFC.String(f.campaign) // as the envelopes have it
	if f.campaign != "" && !jobs.ValidCampaign(f.campaign) {
		return usage("--campaign: a name begins with a letter or digit and has 1 to 100 letters, digits, dots, underscores or hyphens")
	}
	if f.provider != "" && !slices.Contains(jobs.ProviderNames, f.provider) {
		return usage("--provider: %q is not one of %s", f.provider, strings.Join(jobs.ProviderNames, ", "))
	}
	return nil
}

// campaignFiles reads campaign files in passes: one that checks, one that enqueues.
type campaignFiles struct {
	names     []string
	flags     campaignFlags
	judges    map[string]providers.Provider
	sources   jobs.OpenSource
	archive   string
	documents map[string]*campaign.Folder // by file: what the first pass has read, the second knows
	unsent    map[string]map[string]int   // by provider and column: rows in which something is left out
}

func newCampaignFiles(cfg *config, names []string, flags campaignFlags, judges []providers.Provider) (*campaignFiles, error) {
	if err := flags.valid(); err != nil {
		return nil, err
	}
	f := &campaignFiles{names: names, flags: flags, judges: map[string]providers.Provider{}, sources: cfg.sources(), archive: cfg.ArchiveURL, documents: map[string]*campaign.Folder{},
		unsent: map[string]map[string]int{}}
	for _, j := range judges {
		f.judges[j.Info().Name] = j
	}
	return f, nil
}

func (f *campaignFiles) options(file string, seen *campaign.Seen) campaign.Options {
	folder, ok := f.documents[file]
	if !ok {
		folder = campaign.NewFolder(filepath.Dir(file), f.sources)
		folder.Except(f.archive)
		f.documents[file] = folder
	}
	return campaign.Options{Campaign: f.flags.campaign, Provider: f.flags.provider, Document: folder.Document, Seen: seen,
		Check: f.judge, Calls: f.calls}
}

func (f *campaignFiles) judge(e providers.Envelope) error {
	if p, ok := f.judges[e.Provider]; ok {
		return p.Check(e)
	}
	return providers.Problems{{Field: "provider", Message: fmt.Sprintf("%s is not configured here: set %s", e.Provider, variable(e.Provider, "API_KEY"))}}
}

// leftOut says what services have no place for.
func (f *campaignFiles) leftOut() []string {
	var lines []string
	for _, name := range jobs.ProviderNames {
		for _, column := range slices.Sorted(maps.Keys(f.unsent[name])) {
			lines = append(lines, fmt.Sprintf("%s has no place for %s: left out in %s", name, column, count(f.unsent[name][column], "envelope")))
		}
	}
	return lines
}

// calls counts the requests of a good row, and what of it is left out.
func (f *campaignFiles) calls(e providers.Envelope) int {
	judge := f.judges[e.Provider] // a good row has one
	for _, column := range judge.Info().Unsent {
		if e.Uses(column) {
			if f.unsent[e.Provider] == nil {
				f.unsent[e.Provider] = map[string]int{}
			}
			f.unsent[e.Provider][column]++
		}
	}
	if c, ok := judge.(providers.Calls); ok {
		return c.Calls(e)
	}
	return campaign.GeneralCalls(e)
}

// check reads all files through and writes every problem to w.
func (f *campaignFiles) check(ctx context.Context, w io.Writer) (campaign.Summary, error) {
	total := campaign.Summary{Providers: map[string]campaign.Load{}}
	seen := campaign.NewSeen()
	for _, name := range f.names {
		s, err := campaign.Check(ctx, []string{name}, f.options(name, seen), func(p campaign.Problem) { fmt.Fprintln(w, p) })
		if err != nil {
			return total, err
		}
		total.Files += s.Files
		total.Rows += s.Rows
		total.Good += s.Good
		total.Bad += s.Bad
		total.Problems += s.Problems
		for p, l := range s.Providers {
			sum := total.Providers[p]
			total.Providers[p] = campaign.Load{Envelopes: sum.Envelopes + l.Envelopes, Calls: sum.Calls + l.Calls}
		}
	}
	return total, nil
}

// insist checks all files and refuses them when something is wrong: with --skip-invalid
// only when nothing is left.
func (f *campaignFiles) insist(ctx context.Context, stderr io.Writer) (campaign.Summary, error) {
	s, err := f.check(ctx, stderr)
	if err != nil {
		return s, err
	}
	for _, line := range f.leftOut() {
		fmt.Fprintln(stderr, line)
	}
	switch {
	case s.Problems == 0:
		return s, nil
	case !f.flags.skipInvalid:
		return s, usage("%s in %s; nothing was enqueued (--skip-invalid takes the other %s)",
			count(s.Problems, "problem"), count(s.Files, "file"), count(s.Good, "envelope"))
	case s.Good == 0:
		return s, usage("no row is valid: nothing was enqueued")
	}
	return s, nil
}

// enqueued is what became of all files.
type enqueued struct {
	campaigns []string
	jobs.Summary
	rejected []string // files written
}

// enqueue puts all files into the queue. Envelopes whose id is taken by other content are
// written to stderr and leave the others alone.
func (f *campaignFiles) enqueue(ctx context.Context, c *jobs.Client, stderr io.Writer) (enqueued, error) {
	var all enqueued
	seen := campaign.NewSeen()
	for _, name := range f.names {
		sum, rejected, err := f.enqueueFile(ctx, c, name, seen, &all)
		all.New += sum.New
		all.Known += sum.Known
		all.Archived += sum.Archived
		all.Conflicts = append(all.Conflicts, sum.Conflicts...)
		if rejected != "" {
			all.rejected = append(all.rejected, rejected)
		}
		if err == nil && len(sum.Conflicts) > 0 {
			err = f.explain(ctx, name, sum.Conflicts, stderr)
		}
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

func (f *campaignFiles) enqueueFile(ctx context.Context, c *jobs.Client, name string, seen *campaign.Seen, all *enqueued) (sum jobs.Summary, rejectedFile string, err error) {
	r, err := campaign.Open(name, f.options(name, seen))
	if err != nil {
		return sum, "", err
	}
	defer r.Close()
	if p := r.Problems(); len(p) > 0 {
		if f.flags.skipInvalid {
			return sum, "", nil // the check has said so
		}
		return sum, "", usage("%s", p[0])
	}
	if !slices.Contains(all.campaigns, r.Campaign()) {
		all.campaigns = append(all.campaigns, r.Campaign())
	}
	rejected := campaign.NewRejected(r)
	sum, err = c.EnqueueAll(ctx, r.Campaign(), func(yield func(jobs.Envelope, error) bool) {
		for row, err := range r.Rows(ctx) {
			switch {
			case err == nil && len(row.Problems) > 0 && f.flags.skipInvalid:
				err = rejected.Write(row)
				if err == nil {
					continue
				}
			case err == nil && len(row.Problems) > 0: // the file has changed since it was checked
				err = usage("%s", row.Problems[0])
			}
			if !yield(row.Envelope, err) || err != nil {
				return
			}
		}
	})
	path, closing := rejected.Close()
	return sum, path, errors.Join(err, closing)
}

// explain finds the lines of envelopes in conflict: by reading the file once more, which
// is rare, instead of remembering the line of every row.
func (f *campaignFiles) explain(ctx context.Context, name string, conflicts []error, stderr io.Writer) error {
	o := f.options(name, nil)
	o.Check = nil
	r, err := campaign.Open(name, o)
	if err != nil {
		return err
	}
	defer r.Close()
	keys := make(map[string]bool, len(conflicts))
	for _, c := range conflicts {
		key, _, _ := strings.Cut(c.Error(), ":")
		keys[key] = true
	}
	for row, err := range r.Rows(ctx) {
		if err != nil {
			return err
		}
		if key := row.Envelope.Key().String(); keys[key] {
			delete(keys, key) // a second row with the same id is not the one
			fmt.Fprintln(stderr, campaign.Problem{File: name, Line: row.Line, Column: 1, Name: "id",
				Message: "the campaign has an envelope with this id and other content: use another id, or cancel that one"})
		}
	}
	return nil
}

// said is one line on what was enqueued.
func (e enqueued) said() string {
	s := fmt.Sprintf("%s enqueued", count(e.New, "envelope"))
	if e.Known > 0 {
		s += fmt.Sprintf(", %d of %d were known", e.Known, e.New+e.Known)
		if e.Archived > 0 {
			s += fmt.Sprintf(" (%d in the archive already)", e.Archived)
		}
	}
	if n := len(e.Conflicts); n > 0 {
		s += fmt.Sprintf(", %d refused: other content under the same id", n)
	}
	for _, f := range e.rejected {
		s += "; invalid rows are in " + f
	}
	return s
}

// estimates are how long each provider's rate makes its part of a campaign take.
func (c *config) estimates(s campaign.Summary, judges map[string]providers.Provider) []string {
	var lines []string
	for _, name := range jobs.ProviderNames {
		load, ok := s.Providers[name]
		if !ok {
			continue
		}
		r := c.pace(judges[name].Info())
		lines = append(lines, fmt.Sprintf("%s: %s, about %s at %s: at least %s", name, count(load.Envelopes, "envelope"),
			count(load.Calls, "request"), rate{r.Requests, r.Per}, about(campaign.Estimate(load.Calls, r))))
	}
	return lines
}

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// about is a duration for people: two figures are enough.
func about(d time.Duration) string {
	switch {
	case d < time.Minute:
		return short(max(time.Second, d.Round(time.Second)))
	case d < time.Hour:
		return short(d.Round(time.Second))
	case d < 48*time.Hour:
		return short(d.Round(time.Minute))
	}
	return fmt.Sprintf("%.1f days", d.Hours()/24)
}

// variable is the name of a provider's variable.
func variable(provider, name string) string {
	return prefix + strings.ToUpper(provider) + "_" + name
}

// inOrder are states that occur, in the order of an envelope's life.
func inOrder(states map[ledger.State]int64) []ledger.State {
	return slices.DeleteFunc(slices.Clone(ledger.States), func(s ledger.State) bool { return cmp.Compare(states[s], 0) == 0 })
}
