package marks

import (
	"context"
	"fmt"
	"strings"

	"github.com/chancela/chancela/storage/archive"
)

// Standing is which marks an envelope has in the archive.
type Standing struct {
	Marks   int  // the number of the last; 0: none
	Refused bool // the last one's call was refused
	Sent    bool // its id is known

	refused int
}

// MayBeSent tells whether people may have been invited, as far as the marks themselves say.
func (s Standing) MayBeSent() bool { return s.Marks > 0 && (s.Sent || !s.Refused) }

// IsMark tells whether a file of an envelope's folder is one of this package's.
func IsMark(file string) bool {
	return file == sentName || number(invited, file) > 0 || number(refused, file) > 0
}

// See takes in a file of the envelope's folder; false when it is no mark.
func (s *Standing) See(file string) bool {
	s.Marks = max(s.Marks, number(invited, file))
	s.refused = max(s.refused, number(refused, file))
	s.Sent = s.Sent || file == sentName
	s.Refused = s.refused > 0 && s.refused == s.Marks
	return IsMark(file)
}

// Campaign is what the archive has of a campaign, from one listing of it.
type Campaign struct {
	Envelopes map[string]Standing // by id, those that have marks
	Complete  map[string]bool     // by id, those that have the file which is written last
}

// List looks through a campaign; last is the name of the file that is written last.
func List(ctx context.Context, a archive.Archive, campaign, last string) (Campaign, error) {
	c := Campaign{Envelopes: map[string]Standing{}, Complete: map[string]bool{}}
	for o, err := range a.List(ctx, campaign+"/") {
		if err != nil {
			return c, fmt.Errorf("looking into the archive: %w", err)
		}
		id, file, ok := strings.Cut(strings.TrimPrefix(o.Key, campaign+"/"), "/")
		if !ok {
			continue
		}
		if file == last {
			c.Complete[id] = true
			continue
		}
		if s := c.Envelopes[id]; s.See(file) {
			c.Envelopes[id] = s
		}
	}
	return c, nil
}

// Read reads the last mark of an envelope that a listing has found.
func (b *Book) Read(ctx context.Context, campaign, id string, s Standing) (Mark, error) {
	return b.read(ctx, campaign, id, s)
}
