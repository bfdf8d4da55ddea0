package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs"
	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/providers/lang"
)

func newReport(sys *system) *cobra.Command {
	var format, output string
	var asJSON bool
	var looks reportFlags
	cmd := &cobra.Command{
		Use:   "report CAMPAIGN",
		Short: "A row for every envelope of a campaign",
		Long: `Report prints a row for every envelope: its state and reason, its signers, its artifacts
with their SHA-256, and its times. As csv or xlsx for spreadsheets, json (one object a line)
for programs, or html for people: one page to read and to print, with how far all has come, its
course, what went wrong and what to do about it, and how long people took to sign. Of more than
5,000 envelopes it lists some of those that failed or are in doubt. html and xlsx are in the
language of CHANCELA_LANG, with times of CHANCELA_TZ; csv and json are the same everywhere, in
UTC, csv with --local in CHANCELA_TZ. A spreadsheet of a country that writes 1,5 wants
--separator ";" of a csv.`,
		Example: `  chancela report june > june-report.csv
  chancela report june --separator ";" --local --output june-report.csv
  chancela report june --format json | jq 'select(.state == "failed")'
  chancela report june --format html --output june.html`,
		GroupID:           groupMain,
		Args:              arguments(1, 1),
		ValidArgsFunction: sys.completeCampaign,
		RunE: func(cmd *cobra.Command, args []string) error {
			if asJSON {
				format = "json"
			} else if !cmd.Flags().Changed("format") {
				format = formatOf(output)
			}
			if !slices.Contains(campaign.Formats, format) {
				return usage("--format: %q is not one of %s", format, strings.Join(campaign.Formats, ", "))
			}
			return sys.report(cmd.Context(), args, format, output, looks)
		},
	}
	cmd.Flags().StringVar(&format, "format", "csv", strings.Join(campaign.Formats, ", "))
	cmd.Flags().BoolVar(&asJSON, "json", false, "the same as --format json")
	cmd.MarkFlagsMutuallyExclusive("format", "json")
	cmd.Flags().StringVar(&output, "output", "", "write to this file; its ending tells the format where --format does not")
	looks.add(cmd)
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(campaign.Formats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// report writes the report of a campaign to a file, or to standard output.
func (sys *system) report(ctx context.Context, campaigns []string, format, output string, looks reportFlags) error {
	style, err := looks.style(format)
	if err != nil {
		return err
	}
	style.Campaign = campaigns[0]
	e, err := sys.openLedger(ctx, "report")
	if err != nil {
		return err
	}
	defer e.Close()
	if err := insistCampaign(ctx, e.client.Ledger(), campaigns[0]); err != nil {
		return err
	}
	style.Zone, style.Language = looks.zone(e.cfg, format), sys.language
	if output != "" {
		return sys.writeReport(ctx, e.client, campaigns, style, output)
	}
	rows, err := reports(ctx, e.client, campaigns, &style)
	if err != nil {
		return err
	}
	return campaign.WriteReport(sys.stdout, style, rows)
}

// formatOf is the format that a file's ending tells; csv where it tells none.
func formatOf(file string) string {
	if ending := strings.TrimPrefix(filepath.Ext(file), "."); slices.Contains(campaign.Formats, ending) {
		return ending
	}
	return "csv"
}

// reportFlags say how a report is written.
type reportFlags struct {
	separator string
	local     bool
}

func (f *reportFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.separator, "separator", ",", `of a csv report: "," ";" or tab`)
	cmd.Flags().BoolVar(&f.local, "local", false, "times of CHANCELA_TZ in a csv report, as in html and xlsx")
}

func (f reportFlags) style(format string) (campaign.ReportStyle, error) {
	separator, ok := separators[f.separator]
	if !ok {
		return campaign.ReportStyle{}, usage("--separator: %q is not one of , ; tab", f.separator)
	}
	return campaign.ReportStyle{Format: format, Separator: separator}, nil
}

// zone is whose times a report has; nil for UTC, as programs want it. People read those of theirs.
func (f reportFlags) zone(cfg *config, format string) *time.Location {
	if f.local || format == "html" || format == "xlsx" {
		return cfg.TZ.Location
	}
	return nil
}

// separators are the words of --separator.
var separators = map[string]rune{",": ',', ";": ';', "tab": '\t', "\t": '\t'}

// reports are those of the envelopes of campaigns. A page for people says what they wait for, too.
func reports(ctx context.Context, client *jobs.Client, campaigns []string, style *campaign.ReportStyle) (iter.Seq2[jobs.Report, error], error) {
	if style.Format == "html" {
		all, err := client.Ledger().CampaignsNamed(ctx, campaigns)
		if err != nil {
			return nil, err
		}
		style.Head(all)
	}
	return func(yield func(jobs.Report, error) bool) {
		for _, name := range campaigns {
			for r, err := range client.Reports(ctx, name) {
				if !yield(r, err) || err != nil {
					return
				}
			}
		}
	}, nil
}

// writeReports writes a report to a file that appears when it is complete. It holds
// people's data: only its owner may read it.
func writeReports(ctx context.Context, client *jobs.Client, campaigns []string, style campaign.ReportStyle, path string) (rows int, err error) {
	style.Campaign = strings.Join(campaigns, ", ")
	all, err := reports(ctx, client, campaigns, &style)
	if err != nil {
		return 0, err
	}
	counted := func(yield func(jobs.Report, error) bool) {
		rows = 0 // a workbook is written in two passes
		for r, err := range all {
			if rows++; !yield(r, err) {
				return
			}
		}
	}
	err = writeFile(path, func(w io.Writer) error { return campaign.WriteReport(w, style, counted) })
	return rows, err
}

// writeReport writes a report to a file, and says so.
func (sys *system) writeReport(ctx context.Context, client *jobs.Client, campaigns []string, style campaign.ReportStyle, path string) error {
	rows, err := writeReports(ctx, client, campaigns, style, path)
	if err != nil {
		return err
	}
	sys.note("report", map[string]any{"file": path, "format": style.Format, "envelopes": rows},
		lang.Of("%s: the report (%s) of %s, %v", path, style.Format, strings.Join(campaigns, ", "), count(rows, "envelope")))
	return nil
}

// writable refuses a report that could not be written when all work is done.
func writable(path string) error {
	if path == "" {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".chancela-*")
	if err != nil {
		return usage("--report: cannot write into the folder of %s: %w", path, cause(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// cause is what went wrong with a file, without the name of a temporary one.
func cause(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".chancela-*")
	if err != nil {
		return lang.Errorf("writing %s: %w", path, err)
	}
	defer os.Remove(f.Name()) // fails once it is renamed
	err = write(f)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return lang.Errorf("writing %s: %w", path, err)
	}
	return nil
}
