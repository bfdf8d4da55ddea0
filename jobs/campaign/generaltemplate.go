package campaign

import (
	"slices"
	"strings"
)

// GeneralTemplate is a sheet for several providers with some columns of theirs, and with those that
// one of them wants filled. It marks what all of them want, and says of the others who wants them.
func GeneralTemplate(all []Template, columns []string) Template {
	var general Template
	for _, name := range wanted(all, columns) {
		var c TemplateColumn
		var by []string
		for _, t := range all {
			i := slices.IndexFunc(t.Columns, func(c TemplateColumn) bool { return c.Name == name })
			if i < 0 {
				continue
			}
			if t.Columns[i].Required {
				by = append(by, t.Provider)
			}
			values := append(c.Values, t.Columns[i].Values...)
			c = t.Columns[i]
			c.Values = slices.Compact(slices.Sorted(slices.Values(values)))
		}
		if c.Name == "" {
			continue
		}
		if c.Required = len(by) == len(all); !c.Required {
			c.RequiredBy = by
		}
		general.Columns = append(general.Columns, c)
	}
	return general.Blank()
}

// wanted are some columns with those that one of the providers wants filled. A signer's stand at the
// end of each signer's.
func wanted(all []Template, columns []string) []string {
	columns = slices.Clone(columns)
	for _, t := range all {
		for _, c := range t.Columns {
			if !c.Required || slices.Contains(columns, c.Name) {
				continue
			}
			part, person := strings.CutPrefix(c.Name, "signer1.")
			if !person {
				columns = append(columns, c.Name)
				continue
			}
			for i := len(columns) - 1; i >= 0; i-- {
				signer, _, _ := strings.Cut(columns[i], ".")
				if last := i == len(columns)-1 || !strings.HasPrefix(columns[i+1], signer+"."); last && strings.HasPrefix(signer, "signer") {
					columns = slices.Insert(columns, i+1, signer+"."+part)
				}
			}
		}
	}
	return columns
}

// Blank is the sheet without its sample row.
func (t Template) Blank() Template {
	t.Columns = slices.Clone(t.Columns)
	for i := range t.Columns {
		t.Columns[i].Sample = ""
	}
	return t
}
