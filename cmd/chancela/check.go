package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
)

func newCheck(sys *system) *cobra.Command {
	var flags campaignFlags
	var output string
	cmd := &cobra.Command{
		Use:   "check FILE.csv...",
		Short: "Tell every mistake in campaign files, and how long they will take",
		Long: `Check reads campaign files and their documents, by the same rules as enqueue and run, and
prints every mistake of every line as FILE:LINE:COLUMN: FIELD (CELL): MESSAGE, CELL as a
spreadsheet shows it. Nothing is enqueued and nothing is sent. It ends with an estimate for
each provider at its rate and, where they are given, in the hours and within the daily number
in which invitations may leave; the signers' own time is not in it. Where a provider's key is set
and its service tells how many envelopes are left this month (certyneo's free plan), it is
asked for them; a service that does not answer keeps nothing back. With
CHANCELA_REDIS_URL it also names the other campaigns that ask the same people to sign the
same documents: a mistake, unless --campaign or --again is given. With --output the file is
written again, its wrong cells marked, and what is wrong said in a last column (of the header
in its own row), which is no column of the campaign when the file is read.`,
		Example: `  chancela check june.csv
  chancela check --provider certyneo letters.csv
  chancela check june.xlsx --output june.checked.xlsx`,
		GroupID: groupMain,
		Args:    arguments(1, -1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return checkCampaigns(cmd.Context(), sys, args, flags, output)
		},
	}
	flags.add(cmd)
	flags.addAgain(cmd)
	flags.hours.add(cmd)
	flags.reminders.add(cmd)
	cmd.Flags().StringVar(&output, "output", "", "write the file again with its mistakes marked: june.checked.xlsx for june.xlsx")
	return cmd
}

func checkCampaigns(ctx context.Context, sys *system, args []string, flags campaignFlags, output string) error {
	cfg, err := loadConfig(sys.env)
	if err != nil {
		return err
	}
	if err := sys.tellDestinations(cfg); err != nil {
		return err
	}
	cfg.learnFirst(ctx)
	judges, err := cfg.judges(registry.Names())
	if err != nil {
		return err
	}
	files, err := newCampaignFiles(cfg, args, flags, judges)
	if err != nil {
		return err
	}
	files.each, files.programs = sys.json || !sys.shown, sys.json
	if err := checkedInto(output, args); err != nil {
		return err
	}
	s, err := files.check(ctx, sys.tell)
	if err != nil {
		return err
	}
	if err := files.keepColumns(sys.tell); err != nil {
		return err
	}
	found, unknown := files.askedIn(ctx, cfg)
	again := 0
	if files.copies(found) {
		again = files.sumAsked(found).rows
	}
	sys.come(map[string]any{"files": s.Files, "refused": s.Refused, "rows": s.Rows, "valid": s.Good, "problems": s.Problems}, verdict(s, again))
	if unknown != nil {
		text := lang.Of("whether other campaigns ask the same people is not known: %v", unknown)
		sys.tell("warning", map[string]any{"message": text}, text)
	}
	copies, err := files.tellCopies(ctx, found, sys.tell)
	if err != nil {
		return err
	}
	if err := files.tellEstimates(cfg, s, time.Now(), sys.tell); err != nil {
		return err
	}
	cfg.tellAllowances(ctx, s, sys.tell)
	files.tellLeftOut(false, sys.tell)
	if output != "" {
		if err := files.writeChecked(ctx, args[0], output, sys.tell); err != nil {
			return err
		}
	}
	if !s.OK() || copies {
		return quietly(exitUsage)
	}
	return nil
}

// writeChecked writes a file again with its mistakes marked.
func (f *campaignFiles) writeChecked(ctx context.Context, name, output string, tell tell) error {
	err := writeFile(output, func(w io.Writer) error {
		return campaign.WriteChecked(ctx, name, f.options(name, nil), w)
	})
	if err != nil {
		return err
	}
	if err := f.keepBeside(output, name, tell); err != nil {
		return err
	}
	tell("checked", map[string]any{"file": output}, lang.Of("%s: the file again, with what is wrong marked and said in the last column", output))
	return nil
}

// checkedInto refuses a checked file that would replace another, or be of another kind.
func checkedInto(output string, files []string) error {
	switch {
	case output == "":
		return nil
	case len(files) != 1:
		return usage("--output: give one file at a time")
	case !strings.EqualFold(filepath.Ext(output), filepath.Ext(files[0])):
		ext := filepath.Ext(files[0])
		return usage("--output: want a file that ends in %s, such as %s", ext, strings.TrimSuffix(filepath.Base(files[0]), ext)+".checked"+ext)
	case sameFile(output, files[0]):
		return usage("--output: %s is the file itself", output)
	}
	return nil
}

func sameFile(a, b string) bool {
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

// verdict is one line on what a check has found. Some rows may ask what another campaign asks.
func verdict(s campaign.Summary, again int) lang.Text {
	valid := lang.N(s.Good, "%d of %v is valid", "%d of %v are valid", count(s.Rows, "row"))
	switch {
	case s.Problems == 0 && again > 0:
		return lang.Of("%v: no mistake in it, but %d ask what is asked already", count(s.Rows, "envelope"), again)
	case s.Problems == 0 && s.Rows == 1:
		return lang.Of("1 envelope, valid")
	case s.Problems == 0:
		return lang.N(s.Rows, "%d envelope, all valid", "%d envelopes, all valid")
	case s.Refused == 0 && s.Good == 0:
		return lang.Of("%v: no row is valid", count(s.Problems, "problem"))
	case s.Refused == 0:
		return lang.Of("%v: %v", count(s.Problems, "problem"), valid)
	case s.Refused == s.Files:
		return lang.Of("%v in %v: no row can be taken before that is mended", count(s.Problems, "problem"), count(s.Files, "file"))
	}
	return lang.Of("%v: %v; no row of %v can be taken before the file as a whole is mended",
		count(s.Problems, "problem"), valid, count(s.Refused, "file"))
}

// tellCopies says which rows other campaigns have asked: those of this command, and where
// there is a Redis, those that it knows. A check does not need one. It tells whether enqueue
// would refuse them.
func (f *campaignFiles) tellCopies(ctx context.Context, found asked, tell tell) (refused bool, err error) {
	if err := f.tellAsked(ctx, found, tell); err != nil || !f.copies(found) {
		return false, err
	}
	sum := f.sumAsked(found)
	text := lang.Of("enqueue and run refuse %v: --campaign %s makes them part of that campaign, --again asks once more", count(sum.rows, "such row"), sum.campaign)
	if sum.own {
		text = lang.Of("enqueue and run refuse %v: give the rows the ids that they had, or --again asks once more", count(sum.rows, "such row"))
	}
	tell("copies", map[string]any{"rows": sum.rows}, text)
	return true, nil
}

func (f *campaignFiles) askedIn(ctx context.Context, cfg *config) (asked, error) {
	if cfg.RedisURL == "" || len(f.asking) == 0 {
		return f.elsewhere(ctx, nil)
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	db, end, err := cfg.reachRedis(ctx)
	if err != nil {
		found, _ := f.elsewhere(ctx, nil)
		return found, err
	}
	defer end()
	return f.elsewhere(ctx, jobs.NewClient(jobs.ClientConfig{Redis: db}))
}

// judgesFor are the providers whose rules apply: those with a key, or all when none has
// one.
func judgesFor(cfg *config) []string {
	if keyed := cfg.keyed(); len(keyed) > 0 {
		return keyed
	}
	return registry.Names()
}
