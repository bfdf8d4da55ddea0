package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/providers/registry"
)

func newPreview(sys *system) *cobra.Command {
	var flags campaignFlags
	var row int
	var output string
	cmd := &cobra.Command{
		Use:   "preview FILE --row N",
		Short: "The document of a row, as it would be sent",
		Long: `Preview writes the document of one row, counted as a spreadsheet counts them, as it would be
sent: the form of a PDF filled with the row's field.NAME columns and part of the page, or the
placeholders {{NAME}} of a DOCX. The same row always has the same bytes. Of several documents
the names are numbered. A file that is there already with other content is not replaced.
Nothing is enqueued and no provider is called.`,
		Example: `  chancela preview june.csv --row 3 --output row3.pdf
  chancela preview june.xlsx --row 2 > row2.pdf`,
		GroupID: groupMain,
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if row < 1 {
				return usage("--row: want the number of a row, as the spreadsheet counts it")
			}
			if output == "" && (sys.json || sys.shown) {
				return usage("--output: want the name of a file")
			}
			return sys.preview(cmd.Context(), args[0], flags, row, output)
		},
	}
	flags.add(cmd)
	cmd.Flags().IntVar(&row, "row", 0, "number of the row, as the spreadsheet counts it")
	cmd.Flags().StringVar(&output, "output", "", "write to this file (default: standard output)")
	return cmd
}

func (s *system) preview(ctx context.Context, file string, flags campaignFlags, number int, output string) error {
	cfg, err := loadConfig(s.env)
	if err != nil {
		return err
	}
	judges, err := cfg.judges(registry.Names())
	if err != nil {
		return err
	}
	files, err := newCampaignFiles(cfg, []string{file}, flags, judges)
	if err != nil {
		return err
	}
	row, problems, err := files.row(ctx, file, number)
	if err != nil {
		return err
	}
	for _, p := range problems {
		s.note("problem", p, p)
	}
	if len(problems) > 0 {
		return quietly(exitUsage)
	}
	docs := row.Envelope.Documents
	switch {
	case len(docs) == 0:
		return usage("row %d has no document: %s fills its template", number, row.Envelope.Provider)
	case output == "" && len(docs) > 1:
		return usage("row %d has %d documents: name a file with --output", number, len(docs))
	}
	var written []string
	for i, d := range docs {
		name := output
		if len(docs) > 1 {
			ending := filepath.Ext(output)
			name = fmt.Sprintf("%s-%d%s", strings.TrimSuffix(output, ending), i+1, ending)
		}
		if err := s.writePreview(ctx, d, name); err != nil {
			return err
		}
		written = append(written, name)
	}
	if output != "" {
		s.come(map[string]any{"row": number, "id": row.Envelope.ID, "files": written},
			lang.Of("row %d, %s: %s", number, row.Envelope.ID, strings.Join(written, ", ")))
	}
	return nil
}

// row finds a row of a file, and what is wrong with it or with the file's header.
func (f *campaignFiles) row(ctx context.Context, file string, number int) (campaign.Row, []campaign.Problem, error) {
	options := f.options(file, nil)
	options.Read = f.saw
	r, err := campaign.Open(file, options)
	if p, ok := errors.AsType[campaign.Problem](err); ok {
		return campaign.Row{}, []campaign.Problem{p}, nil
	} else if err != nil {
		return campaign.Row{}, nil, err
	}
	defer r.Close()
	if err := f.insistHeadings(); err != nil {
		return campaign.Row{}, nil, err
	}
	if problems := r.Problems(); len(problems) > 0 {
		return campaign.Row{}, problems, nil
	}
	for row, err := range r.Rows(ctx) {
		if p, ok := errors.AsType[campaign.Problem](err); ok {
			return campaign.Row{}, []campaign.Problem{p}, nil
		} else if err != nil {
			return campaign.Row{}, nil, err
		}
		if row.Number == number {
			return row, row.Problems, nil
		}
		if row.Number > number {
			break
		}
	}
	return campaign.Row{}, nil, usage("--row: %s has no envelope in row %d", file, number)
}

// writePreview never replaces a file with other content.
func (s *system) writePreview(ctx context.Context, d providers.Document, name string) error {
	r, err := d.Open(ctx)
	if err != nil {
		return err
	}
	defer r.Close()
	if name == "" {
		_, err := io.Copy(s.stdout, r)
		return err
	}
	content, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	have, err := os.ReadFile(name)
	switch {
	case err == nil && bytes.Equal(have, content):
		return nil
	case err == nil:
		return usage("%s is there already with other content: name another file", name)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return writeFile(name, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}
