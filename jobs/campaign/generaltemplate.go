package campaign

import "slices"

// GeneralTemplate is a sheet for several providers with some columns of theirs. It marks what all of
// them want; what one alone wants check tells.
func GeneralTemplate(all []Template, columns []string) Template {
	var general Template
	for _, name := range columns {
		var c TemplateColumn
		required := 0
		for _, t := range all {
			i := slices.IndexFunc(t.Columns, func(c TemplateColumn) bool { return c.Name == name })
			if i < 0 {
				continue
			}
			if t.Columns[i].Required {
				required++
			}
			values := append(c.Values, t.Columns[i].Values...)
			c = t.Columns[i]
			c.Values = slices.Compact(slices.Sorted(slices.Values(values)))
		}
		if c.Name == "" {
			continue
		}
		c.Required = required == len(all)
		general.Columns = append(general.Columns, c)
	}
	return general.Blank()
}

// Blank is the sheet without its sample row.
func (t Template) Blank() Template {
	t.Columns = slices.Clone(t.Columns)
	for i := range t.Columns {
		t.Columns[i].Sample = ""
	}
	return t
}
