package campaign

import (
	"encoding/csv"
	"io"
	"iter"

	"github.com/chancela/chancela/jobs"
)

// WriteLinks writes signing links as CSV for spreadsheets, a row a link, and nothing where there is
// none. It says how many.
func WriteLinks(w io.Writer, links iter.Seq2[jobs.SigningLink, error]) (n int, err error) {
	out := csv.NewWriter(w)
	for l, err := range links {
		if err == nil && n == 0 {
			err = out.Write([]string{"id", "signer", "link", "shows"})
		}
		if err != nil {
			out.Flush()
			return n, err
		}
		if err := out.Write([]string{harmless(l.ID), harmless(l.Signer), harmless(l.Link), l.Shows}); err != nil {
			return n, err
		}
		n++
	}
	out.Flush()
	return n, out.Error()
}
