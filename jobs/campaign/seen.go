package campaign

import (
	"hash/maphash"

	"github.com/chancela/chancela/providers"
)

// Seen remembers which envelope keys were read and where, so that a second one is found
// in the same file or another one of the same campaign. It keeps a 64-bit hash a row:
// 24 to 48 bytes with the map around it. Two keys of a million share one with a chance of
// 1 in 30 million; the second would then be refused, never sent wrongly.
type Seen struct {
	seed  maphash.Seed
	files []string
	at    map[uint64]place
}

type place struct{ file, line, row uint32 }

// NewSeen remembers nothing yet.
func NewSeen() *Seen {
	return &Seen{seed: maphash.MakeSeed(), at: make(map[uint64]place)}
}

// file announces the file whose rows come next.
func (s *Seen) file(name string) { s.files = append(s.files, name) }

// add tells the file and line where the key stood before, if it did.
func (s *Seen) add(key providers.Key, line, row int) (first string, again bool) {
	var h maphash.Hash
	h.SetSeed(s.seed)
	h.WriteString(key.Campaign)
	h.WriteByte('/')
	h.WriteString(key.ID)
	hash := h.Sum64()
	if p, ok := s.at[hash]; ok {
		return s.files[p.file] + " " + lineAndRow(int(p.line), int(p.row)), true
	}
	s.at[hash] = place{uint32(len(s.files) - 1), uint32(line), uint32(row)}
	return "", false
}
