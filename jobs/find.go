package jobs

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/chancela/chancela/jobs/intake"
	"github.com/chancela/chancela/storage/ledger"
)

// Query says which envelopes of a campaign are looked for. What is empty does not matter.
type Query struct {
	States   []ledger.State // one of these
	Provider string
	Code     string // of the reason why it waits or has ended
	Text     string // in the id, the subject, a signer's name or address; neither case nor accents matter
}

// all tells whether every envelope in the query's states is meant.
func (q Query) all() bool { return q.Provider == "" && q.Code == "" && q.Text == "" }

// Found is a part of what a search has found.
type Found struct {
	Records []*ledger.Record
	Seen    int    // envelopes that were looked at
	Next    string // where to go on; empty: everything was looked at
}

const (
	findBatch  = 250                   // envelopes that are read at once
	findWithin = 80 * time.Millisecond // after this no further batch is begun
)

// Find looks for up to n envelopes of a campaign, from a cursor on. There is no index of
// what people write: it reads envelopes for a moment, and says where to go on when it has
// not seen all. An envelope whose id is the text comes first, on the first page.
func (c *Client) Find(ctx context.Context, campaign string, q Query, cursor string, n int) (Found, error) {
	if q.all() {
		records, next, err := c.ledger.PageOf(ctx, campaign, q.States, cursor, n)
		return Found{records, len(records), next}, err
	}
	var found Found
	var keys []string
	exact := "" // first on the first page, and so on no later one
	if id := strings.TrimSpace(q.Text); intake.ValidID(id) {
		exact = Key{Campaign: campaign, ID: id}.String()
		if cursor == "" {
			keys = append(keys, exact)
		}
	}
	text, begun := fold(q.Text), time.Now()
	for found.Next = cursor; len(keys) < n; {
		seen, next, err := c.ledger.Skim(ctx, campaign, q.States, found.Next, findBatch)
		if err != nil {
			return found, err
		}
		for i, g := range seen {
			found.Seen++
			if key := (Key{Campaign: campaign, ID: g.ID}).String(); key != exact && q.matches(g, text) {
				keys = append(keys, key)
			}
			if len(keys) == n && i < len(seen)-1 {
				next = g.Cursor
				break
			}
		}
		if found.Next = next; next == "" || time.Since(begun) > findWithin {
			break
		}
	}
	records, err := c.ledger.GetMany(ctx, keys)
	for _, r := range records { // as they are now
		if r != nil && (len(q.States) == 0 || slices.Contains(q.States, r.State)) && (q.Provider == "" || r.Provider == q.Provider) && (q.Code == "" || r.ErrorCode == q.Code) {
			found.Records = append(found.Records, r)
		}
	}
	return found, err
}

func (q Query) matches(g ledger.Glance, text string) bool {
	if q.Provider != "" && g.Provider != q.Provider || q.Code != "" && g.Code != q.Code {
		return false
	}
	if text == "" || strings.Contains(fold(g.ID), text) {
		return true
	}
	var e struct {
		Subject string `json:"subject"`
		Signers []struct {
			Name  string `json:"name"`
			Email string `json:"email"`
		} `json:"signers"`
	}
	if json.Unmarshal(g.Envelope, &e) != nil {
		return false // forgotten
	}
	if strings.Contains(fold(e.Subject), text) {
		return true
	}
	for _, s := range e.Signers {
		if strings.Contains(fold(s.Name), text) || strings.Contains(fold(s.Email), text) {
			return true
		}
	}
	return false
}

// bare drops the accents of a text that is decomposed.
func bare(r rune) rune {
	if unicode.Is(unicode.Mn, r) {
		return -1
	}
	return r
}

// fold is a text without case, accents and double blanks.
func fold(s string) string {
	ascii := true
	for i := range len(s) {
		if s[i] >= 0x80 {
			ascii = false
			break
		}
	}
	if !ascii {
		s = norm.NFC.String(strings.Map(bare, norm.NFD.String(s)))
	}
	return strings.Join(strings.Fields(strings.ToLower(s)), " ")
}
