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
	if len(read.Unknown) > 0 {
		hint("a heading of your own is told by --map: --map \"signer1.name=%[1]s\" if it is the signer's name, --map \"meta.own=%[1]s\" if it is only to be kept", read.Unknown[0])
	}
	for _, option := range []struct{ column, as string }{
		{"provider", "--provider NAME sends all rows to one provider"},
		{"id", `--map "meta.contract=HEADING" with --id "{meta.contract}" makes an id of each row's contract number; it must differ from row to row`},
		{"subject", `--subject "Lease of {signer1.name}" makes a subject for each row`},
	} {
		if slices.Contains(read.Missing, option.column) {
			hint("instead of a column %s: %v", option.column, lang.Of(option.as))
		}
	}
	if document && f.flags.sheet.documents == "" && f.documents[file].Missed() > 0 {
		dir := lang.Plain(strings.TrimSuffix(filepath.Dir(file), string(filepath.Separator)))
		if dir.String() == "." {
			dir = lang.Of("the folder in which this was started")
		}
		hint("documents are looked for below %v, where the file is: --documents DIR names another folder", dir)
	}
}
