package campaign

import (
	"hash/maphash"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
	"github.com/chancela/chancela/storage/ledger"
)

// Seen remembers which envelope keys were read and where, so that a second one is found
// in the same file or another one of the same campaign. It keeps a 64-bit hash a row:
// 24 to 48 bytes with the map around it. Two keys of a million share one with a chance of
// 1 in 30 million; the second would then be refused, never sent wrongly. For [Row.Repeats]
// it remembers whom the rows invite in the same way.
type Seen struct {
	seed    maphash.Seed
	files   []string
	at      map[uint64]place
	invited map[uint64]place
}

type place struct{ file, line, row uint32 }

// NewSeen remembers nothing yet.
func NewSeen() *Seen {
	return &Seen{seed: maphash.MakeSeed(), at: make(map[uint64]place), invited: make(map[uint64]place)}
}

// file announces the file whose rows come next.
func (s *Seen) file(name string) { s.files = append(s.files, name) }

// add tells the file and line where the key stood before, if it did.
func (s *Seen) add(key providers.Key, line, row int) (first lang.Text, again bool) {
	return s.remember(s.at, key.Campaign, key.ID, line, row)
}

// invite is add for an invitation.
func (s *Seen) invite(campaign string, to ledger.Invitation, line, row int) (first lang.Text, again bool) {
	return s.remember(s.invited, campaign, string(to[:]), line, row)
}

func (s *Seen) remember(known map[uint64]place, campaign, what string, line, row int) (first lang.Text, again bool) {
	var h maphash.Hash
	h.SetSeed(s.seed)
	h.WriteString(campaign)
	h.WriteByte('/')
	h.WriteString(what)
	hash := h.Sum64()
	if p, ok := known[hash]; ok {
		return lineOf(s.files[p.file], int(p.line), int(p.row)), true
	}
	known[hash] = place{uint32(len(s.files) - 1), uint32(line), uint32(row)}
	return lang.Text{}, false
}
