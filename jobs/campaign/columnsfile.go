package campaign

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// Columns says which column a heading means: column by heading, as [exactHeading] writes it.
type Columns map[string]string

// ParseColumns reads entries of the form COLUMN=HEADING.
func ParseColumns(entries []string) (Columns, error) {
	all := Columns{}
	for _, entry := range entries {
		name, text, ok := strings.Cut(entry, "=")
		col, known := parseColumn(name)
		switch exact := exactHeading(text); {
		case !ok || !headed(exact):
			return nil, lang.Errorf("%q has not the form COLUMN=HEADING, such as signer1.name=Nome do locatário", shorten(entry))
		case !known || col.name == reasonColumn || col.name == checkedColumn:
			return nil, lang.Errorf("%q is not a known column%v", shorten(name), suggestion(name))
		case all[exact] != "" && all[exact] != col.name:
			return nil, lang.Errorf("the heading %q is given two columns, %s and %s", shorten(text), all[exact], col.name)
		default:
			all[exact] = col.name
		}
	}
	return all, nil
}

// ColumnsPath is where the headings of a campaign file are kept, for the next time.
func ColumnsPath(file string) string {
	stem := strings.TrimSuffix(file, filepath.Ext(file))
	return strings.TrimSuffix(strings.TrimSuffix(stem, ".rejected"), ".checked") + ".columns"
}

// maxColumnsFile is far more than every column with a long heading.
const maxColumnsFile = 1 << 20

// KeptColumns are the headings that were kept beside a campaign file, one a line; none without
// such a file.
func KeptColumns(file string) (Columns, error) {
	path := ColumnsPath(file)
	in, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Columns{}, nil
	} else if err != nil {
		return nil, err
	}
	defer in.Close()
	data, err := io.ReadAll(io.LimitReader(in, maxColumnsFile))
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.Lines(strings.TrimPrefix(string(data), "\ufeff")) {
		if line = providers.Trim(line); line != "" {
			lines = append(lines, line)
		}
	}
	all, err := ParseColumns(lines)
	if err != nil {
		return nil, lang.Errorf("%s: %w", path, err)
	}
	return all, nil
}

// Joined adds to what was kept; the same heading for another column is an error.
func (c Columns) Joined(more Columns) (Columns, error) {
	all := maps.Clone(c)
	for _, text := range slices.Sorted(maps.Keys(more)) {
		if have := all[text]; have != "" && have != more[text] {
			return nil, lang.Errorf("the heading %q was %s the last time, and is to be %s now", text, have, more[text])
		}
		all[text] = more[text]
	}
	return all, nil
}

// KeepColumns writes the headings of a campaign file beside it, and returns those that were not
// there. What is there is only added to.
func KeepColumns(file string, columns Columns) (added Columns, err error) {
	kept, err := KeptColumns(file)
	if err != nil {
		return nil, err
	}
	all, err := kept.Joined(columns)
	if err != nil || maps.Equal(all, kept) {
		return nil, err
	}
	added = maps.Clone(all)
	maps.DeleteFunc(added, func(text, name string) bool { return kept[text] == name })
	var b strings.Builder
	for _, text := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%s=%s\n", all[text], text)
	}
	return added, replace(ColumnsPath(file), strings.NewReader(b.String()))
}

// maxBeside is how many files with headings are looked into.
const maxBeside = 100

// KeptBeside is the file that says for another campaign file of the folder what these headings mean,
// where nothing is kept for this one and it was understood otherwise: a copy under another name.
func KeptBeside(read Reading) string {
	own := ColumnsPath(read.File)
	if _, err := os.Stat(own); err == nil {
		return ""
	}
	is := map[string]string{}
	for _, n := range read.All {
		is[exactHeading(n.Heading)] = n.Column
	}
	all, err := filepath.Glob(filepath.Join(filepath.Dir(own), "*.columns"))
	if err != nil {
		return "" // a folder whose name is a pattern
	}
	for _, path := range all[:min(len(all), maxBeside)] {
		kept, err := KeptColumns(path)
		other := false
		for text, column := range kept {
			have, there := is[text]
			if !there {
				err = errors.Join(err, fs.ErrNotExist)
			}
			other = other || have != column
		}
		if err == nil && other {
			return path
		}
	}
	return ""
}
