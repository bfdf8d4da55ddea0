package campaign

import (
	"fmt"
	"strings"
	"unicode"
)

// likely are the columns that headings may mean which nobody knows, each as its --map would have it:
// the people of roles as signers whom no other heading names, and everything else as the sender's own
// data.
func (read *Reading) likely() (all []Naming) {
	t := read.taken()
	for i, n := range read.All {
		if n.Column != "" {
			continue
		}
		column, ok := t.person(n.Heading)
		if !ok {
			for _, own := range OwnColumns(read.All, i) {
				if strings.HasPrefix(own, "meta.") {
					column = own
				}
			}
		}
		if column != "" {
			all = append(all, Naming{shorten(n.Heading), column})
		}
	}
	return all
}

// taken is what the headings of a file mean already.
type taken struct {
	columns map[string]bool
	people  map[string]int // the signer of a role
	signers map[int]bool
}

func (t *taken) add(n Naming) {
	col, ok := parseColumn(n.Column)
	if !ok {
		return
	}
	t.columns[col.name] = true
	if col.signer == 0 {
		return
	}
	t.signers[col.signer] = true
	if _, role, ok := numberedRole(n.Heading); ok {
		t.people[role] = col.signer
	}
}

// next is the first signer whom no heading names.
func (t *taken) next() int {
	n := 1
	for t.signers[n] {
		n++
	}
	return n
}

// taken is what is known of a file. A role without a name is of the only signer, where that one
// lacks its parts: the E-mail do locatário beside a Nome.
func (read *Reading) taken() *taken {
	t := &taken{columns: map[string]bool{}, people: map[string]int{}, signers: map[int]bool{}}
	for _, n := range read.All {
		t.add(n)
	}
	parts := map[string][]string{}
	for _, n := range read.All {
		if part, role, ok := numberedRole(n.Heading); ok && n.Column == "" {
			parts[role] = append(parts[role], part)
		}
	}
	if len(parts) != 1 || len(t.signers) != 1 || !t.signers[1] {
		return t
	}
	for role, of := range parts {
		free := true
		for _, part := range of {
			free = free && !t.columns["signer1."+part]
		}
		if free {
			t.people[role] = 1
		}
	}
	return t
}

// person is the column of a heading of a person of a role: of a signer whom no other heading names.
func (t *taken) person(heading string) (column string, ok bool) {
	part, role, ok := numberedRole(heading)
	if !ok {
		return "", false
	}
	who, known := t.people[role]
	column = fmt.Sprintf("signer%d.%s", who, part)
	if !known || t.columns[column] {
		who = t.next()
		column = fmt.Sprintf("signer%d.%s", who, part)
	}
	if who > maxSigners {
		return "", true
	}
	t.people[role], t.signers[who], t.columns[column] = who, true, true
	return column, true
}

// numberedRole is [ofRole], where a number may tell two people of a role apart: Nome do fiador 2.
func numberedRole(heading string) (part, role string, ok bool) {
	plain := strings.TrimRightFunc(heading, func(r rune) bool { return unicode.IsDigit(r) || unicode.IsSpace(r) })
	part, role, ok = ofRole(plain)
	if number := strings.TrimSpace(strings.TrimPrefix(heading, plain)); number != "1" {
		role += number
	}
	return part, role, ok
}

// means is what the cells of a header mean.
func (r *Reader) means(header record) *taken {
	var read Reading
	for _, c := range header.cells {
		col, _ := r.column(c.text)
		read.All = append(read.All, Naming{c.text, col.name})
	}
	return read.taken()
}

// another is the column of a person whose heading means another's, too: that of the next signer.
func (t *taken) another(heading string) (column string, ok bool) {
	part, _, ok := numberedRole(heading)
	if !ok || t.next() > maxSigners {
		return "", false
	}
	return fmt.Sprintf("signer%d.%s", t.next(), part), true
}

// free is the first of the columns that a heading may mean and no other does; else it is only kept.
func (t *taken) free(heading string, columns []string) string {
	for _, column := range columns {
		if !t.columns[column] {
			return column
		}
	}
	return "meta." + plainHeading(heading)
}
