package main

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/chancela/chancela/jobs/campaign"
	"github.com/chancela/chancela/providers/lang"
)

// tellHints names, once for each file, the options that say what the file does not.
func (f *campaignFiles) tellHints(file string, read campaign.Reading, document bool, tell tell) {
	hint := func(format string, args ...any) {
		text := lang.Of(format, args...)
		tell("hint", map[string]any{"file": file, "message": text}, lang.Of("%s: %v", file, text))
	}
	if kept := campaign.KeptBeside(read); kept != "" {
		hint("%s says what these headings mean, for another file: to have it said for this one, too, copy it to %s", kept, campaign.ColumnsPath(file))
	} else if len(read.Unknown) > 0 {
		hint("say what a heading of your own means by --map COLUMN=HEADING; of this file perhaps: %s", mapLine(read.Likely))
		hint("change what is not so: signer2.name is the second signer's name; meta.NAME only keeps a column as your own data")
	}
	for _, option := range []struct{ column, as string }{
		{"provider", "--provider NAME sends all rows to one provider"},
		{"subject", `--subject "Lease of {signer1.name}" makes a subject for each row`},
	} {
		if slices.Contains(read.Missing, option.column) {
			hint("instead of a column %s: %v", option.column, lang.Of(option.as))
		}
	}
	if slices.Contains(read.Missing, "id") && f.flags.sheet.id == "" {
		hint("instead of a column id: %v", f.idHint(file))
	}
	if document && f.flags.sheet.documents == "" && f.documents[file].Missed() > 0 {
		dir := lang.Plain(strings.TrimSuffix(filepath.Dir(file), string(filepath.Separator)))
		if dir.String() == "." {
			dir = lang.Of("the folder in which this was started")
		}
		hint("documents are looked for below %v, where the file is: --documents DIR names another folder", dir)
	}
}

// mostMapped is how many headings a hint proposes columns for.
const mostMapped = 12

// mapLine are the flags for headings.
func mapLine(likely []campaign.Naming) string {
	var flags []string
	for _, n := range likely[:min(len(likely), mostMapped)] {
		flags = append(flags, `--map "`+n.Column+"="+n.Heading+`"`)
	}
	return strings.Join(flags, " ")
}

// tellPersonal warns once of ids that are people's CPFs or CNPJs: most of a file's good rows, for a
// number may look like one by chance.
func (f *campaignFiles) tellPersonal(file string, good int, tell tell) {
	personal := f.personal
	f.personal = 0
	if 2*personal <= good {
		return
	}
	better := noDistinct
	if d, ok := campaign.DistinctColumn(file, f.options(file, nil)); ok && !d.Person {
		better = distinct(d)
	}
	text := lang.Of("the ids are people's CPFs or CNPJs, and ids stand in logs, addresses and names of archived files: take another column. %v", better)
	tell("personal_ids", map[string]any{"file": file, "rows": personal, "message": text}, lang.Of("warning: %v", lang.Of("%s: %v", file, text)))
}

// idHint says of what an id can be made. It has to stay the same when rows are sorted or put in, and
// so a row's number is none.
func (f *campaignFiles) idHint(file string) lang.Text {
	d, ok := campaign.DistinctColumn(file, f.options(file, nil))
	if !ok {
		return noDistinct
	}
	return distinct(d)
}

var noDistinct = lang.Of("no column that could be one is different in all rows: add one with numbers of your own, which stay with their rows when the sheet is sorted; the same id is never sent twice")

// distinct says how an id is made of a column that tells the rows apart.
func distinct(d campaign.Distinct) lang.Text {
	flags := `--id "{` + d.Column + `}"`
	if !d.Known {
		flags = `--map "` + d.Column + "=" + d.Heading + `" ` + flags
	}
	if d.Person {
		return lang.Of("%q is different in all %d rows: %s; ids stand in logs and names of files, so a contract's number is better", d.Heading, d.Rows, flags)
	}
	if d.Slash {
		return lang.Of("%q is different in all %d rows, but an id may not hold /: put - in its place in the whole column, then %s", d.Heading, d.Rows, flags)
	}
	return lang.Of("%q is different in all %d rows: %s", d.Heading, d.Rows, flags)
}
