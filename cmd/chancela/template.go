package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
)

func newTemplate(sys *system) *cobra.Command {
	var format, output string
	var signers int
	cmd := &cobra.Command{
		Use:   "template PROVIDER",
		Short: "A spreadsheet to start from",
		Long: `Template writes a sheet with the columns that a provider uses: those that must be filled are
marked with an asterisk, each is explained, and a sample row shows how it is filled. The
document of that row is put beside it as sample.pdf, so that the sheet passes check as it is.
A file that is there already is not replaced.`,
		Example: `  chancela template certyneo
  chancela template contraktor --signers 2 --output leases.xlsx
  chancela template sdoc --format csv`,
		GroupID:   groupMain,
		Args:      arguments(1, 1),
		ValidArgs: registry.Names(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(templateFormats, format) {
				return usage("--format: %q is not one of %s", format, strings.Join(templateFormats, ", "))
			}
			if signers < 1 || signers > 20 {
				return usage("--signers: want a number from 1 to 20")
			}
			if output == "" {
				output = args[0] + "." + format
			}
			ending := strings.ToLower(strings.TrimPrefix(filepath.Ext(output), "."))
			switch {
			case !slices.Contains(templateFormats, ending):
				return usage("--output: want a file that ends in %v; %s does not", lang.Or([]string{".xlsx", ".csv"}), output)
			case cmd.Flags().Changed("format") && ending != format:
				return usage("--output: %s is no name of a %s file, which --format wants", output, format)
			}
			format = ending
			return sys.template(cmd.Context(), args[0], format, output, signers)
		},
	}
	cmd.Flags().StringVar(&format, "format", "xlsx", strings.Join(templateFormats, ", "))
	cmd.Flags().StringVar(&output, "output", "", "write to this file (default: PROVIDER.xlsx)")
	cmd.Flags().IntVar(&signers, "signers", 1, "how many people sign an envelope at most")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(templateFormats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

var templateFormats = []string{"xlsx", "csv"}

func (s *system) template(ctx context.Context, provider, format, output string, signers int) error {
	if !registry.Known(provider) {
		return usage("%q is not one of %s", provider, strings.Join(registry.Names(), ", "))
	}
	cfg, err := loadConfig(s.env)
	if err != nil {
		return err
	}
	judges, err := cfg.judges([]string{provider})
	if err != nil {
		return err
	}
	t, err := campaign.NewTemplate(ctx, intake.NewJudge(judges, nil, cfg.TZ.Location), judges[0].Info(), signers)
	if err != nil {
		return err
	}
	t.Language = s.language
	if _, err := os.Lstat(output); err == nil {
		return usage("%s is there already: name another file with --output", output)
	}
	sample := filepath.Join(filepath.Dir(output), campaign.SampleName)
	if have, err := os.ReadFile(sample); errors.Is(err, fs.ErrNotExist) {
		err = writeFile(sample, func(w io.Writer) error {
			_, err := w.Write(campaign.SampleDocument)
			return err
		})
		if err != nil {
			return err
		}
	} else if err == nil && !bytes.Equal(have, campaign.SampleDocument) {
		return usage("%s is there already, and is not the sample: name a file in another folder with --output", sample)
	}
	write := t.WriteXLSX
	if format == "csv" {
		write = t.WriteCSV
	}
	if err := writeFile(output, write); err != nil {
		return err
	}
	s.come(map[string]any{"file": output, "provider": provider, "columns": len(t.Columns)},
		lang.Of("%s: %v, those with * must be filled; its sample row passes chancela check %s", output, count(len(t.Columns), "column"), output))
	return nil
}
