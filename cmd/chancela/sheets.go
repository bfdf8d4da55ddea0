package main

import (
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/providers/lang"
)

// sheetFlags say how people's own spreadsheets are to be understood.
type sheetFlags struct {
	sheet     string
	headings  []string
	documents string
	subject   string
	id        string

	columns  campaign.Columns
	patterns campaign.Patterns
}

func (f *sheetFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.sheet, "sheet", "", "sheet of a workbook (default: the first one that is shown)")
	cmd.Flags().StringArrayVar(&f.headings, "map", nil, `what a heading means, "signer1.name=Nome do locatário"; kept in FILE.columns for the next time`)
	cmd.Flags().StringVar(&f.documents, "documents", "", "folder of the documents (default: the campaign file's)")
	cmd.Flags().StringVar(&f.subject, "subject", "", `subject of rows that have none, "Lease" or "Lease of {signer1.name}"`)
	cmd.Flags().StringVar(&f.id, "id", "", `id of rows that have none, "{meta.contract}"`)
	_ = cmd.MarkFlagDirname("documents")
}

// valid tells all that is wrong with them.
func (f *sheetFlags) valid() (wrong []error) {
	refuse := func(flag string, err error) {
		if err != nil {
			wrong = append(wrong, usage("--%s: %w", flag, err))
		}
	}
	var err error
	f.columns, err = campaign.ParseColumns(f.headings)
	refuse("map", err)
	f.patterns.Subject, err = campaign.ParsePattern(f.subject)
	refuse("subject", err)
	f.patterns.ID, err = campaign.ParseID(f.id)
	refuse("id", err)
	if f.documents == "" {
		return wrong
	}
	info, err := os.Stat(f.documents)
	if err == nil && !info.IsDir() {
		err = lang.Errorf("%s is not a folder", f.documents)
	}
	refuse("documents", err)
	return wrong
}

// columnsOf are the headings of a file: those that were kept beside it, and those of the command.
func (f *sheetFlags) columnsOf(file string) (campaign.Columns, error) {
	kept, err := campaign.KeptColumns(file)
	if err != nil {
		return nil, usage("%w", err)
	}
	all, err := kept.Joined(f.columns)
	if err != nil {
		return nil, usage("--map: %w: change %s, where it is kept, or remove that file", err, campaign.ColumnsPath(file))
	}
	return all, nil
}

// saw notes the headings of a file.
func (f *campaignFiles) saw(read campaign.Reading) {
	f.unread = f.unread || len(read.All) == 0
	for _, n := range read.All {
		f.headings = append(f.headings, n.Heading)
	}
}

// insistHeadings refuses a --map of a heading that no file has: what it says would be left out
// without a word.
func (f *campaignFiles) insistHeadings() error {
	if f.unread { // why is said
		return nil
	}
	if missing := f.flags.sheet.columns.Unmatched(f.headings); !missing.IsZero() {
		return usage("--map: %v", missing)
	}
	return nil
}

// keepColumns keeps beside each file that was checked what --map has said of its headings. Of a file
// that is to be sent they are kept when it is taken: what was refused leaves nothing.
func (f *campaignFiles) keepColumns(tell tell) error {
	for _, name := range f.names {
		if slices.Contains(f.refused, name) {
			continue
		}
		if err := keepColumns(name, f.flags.sheet.columns, tell); err != nil {
			return err
		}
	}
	return nil
}

// keepBeside keeps beside the file that a check has written what is known of the headings of the
// one that it was made of.
func (f *campaignFiles) keepBeside(output, file string, tell tell) error {
	if campaign.ColumnsPath(output) == campaign.ColumnsPath(file) {
		return nil
	}
	return keepColumns(output, f.columns[file], tell)
}

func keepColumns(file string, columns campaign.Columns, tell tell) error {
	added, err := campaign.KeepColumns(file, columns)
	if err != nil || len(added) == 0 {
		return err
	}
	path := campaign.ColumnsPath(file)
	var kept []lang.Text
	for _, heading := range slices.Sorted(maps.Keys(added)) {
		kept = append(kept, lang.Of("%q is %s", heading, added[heading]))
	}
	tell("kept", map[string]any{"file": path, "columns": added},
		lang.Of("%s keeps for the next time: %v; change it there, or remove that file, if it is wrong", path, lang.Join(kept, ", ")))
	return nil
}
