package catalisa

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/lang"
)

// placed tells whether an envelope has widgets. Templates bring their own.
func placed(e providers.Envelope) bool {
	return e.Template == "" && (e.HasColumn("stamp") || e.HasColumn("date") || e.HasColumn("text") || e.HasColumn("checkbox"))
}

// fromTop tells whether y is to be counted from the head of the page.
func fromTop(e providers.Envelope) bool {
	return strings.EqualFold(providers.Trim(e.Option(optOrigin)), originTop)
}

// Notes says what is not documented of an envelope's widgets.
func (p *Provider) Notes(e providers.Envelope) []lang.Text {
	if !placed(e) || e.Option(optOrigin) != "" {
		return nil
	}
	return []lang.Text{lang.Of("Catalisa does not document from where y of a place is counted: it goes from the foot of the page, as given. Look at the first row, and give catalisa.origin=top where places are upside down, or catalisa.origin=bottom where they are right")}
}

// measure notes the height of the document's pages where places are counted from their head.
func (p *Provider) measure(ctx context.Context, job *providers.Job) error {
	if !placed(job.Envelope) || !fromTop(job.Envelope) {
		return nil
	}
	_, err := job.Step(ctx, stepHeight, func(ctx context.Context) (string, error) {
		content, err := job.OpenDocument(ctx, job.Envelope.Documents[0])
		if err != nil {
			return "", err
		}
		defer content.Close()
		height, err := providers.PageHeight(content)
		if err != nil {
			return "", err
		}
		if height == 0 {
			return "", p.invalid("page_height", errors.New("the pages of the document do not tell one height: places cannot be counted from their head; leave catalisa.origin out, and give y as Catalisa shall have it"))
		}
		return strconv.FormatFloat(height, 'f', -1, 64), nil
	})
	return err
}

// widgets are the places of signatures and fields, in the signers' order (reference §5.3).
// Whose a widget is, is not documented (reference §14.1).
func widgets(job *providers.Job) ([]widget, error) {
	env := job.Envelope
	if !placed(env) {
		return nil, nil
	}
	height := 0.0
	if fromTop(env) {
		var err error
		if height, err = strconv.ParseFloat(job.Ref.Steps[stepHeight], 64); err != nil {
			return nil, fmt.Errorf("the recorded height of the pages: %w", err)
		}
	}
	var all []widget
	for i, s := range env.Signers {
		add := func(kind string, p providers.Place) {
			w := widget{Type: kind, SignerID: signerID(env, i), Page: p.Page, X: p.X, Y: p.Y, Width: p.Width, Height: p.Height, Required: p.Required, Label: p.Label}
			if fromTop(env) {
				w.Y = max(0, height-p.Y-p.Height)
			}
			all = append(all, w)
		}
		if s.Stamp != nil {
			add("signature", providers.Place{Stamp: *s.Stamp})
		}
		for _, kind := range []struct {
			name   string
			places []providers.Place
		}{{"text", s.Text}, {"date", s.Date}, {"checkbox", s.Checkbox}} {
			for _, place := range kind.places {
				add(kind.name, place)
			}
		}
	}
	return all, nil
}

// signerID is what the row's option wants a widget's signerId to be; empty for none.
func signerID(e providers.Envelope, i int) string {
	switch strings.ToLower(providers.Trim(e.Option(optSignerID))) {
	case signerByEmail:
		return e.Signers[i].Email
	case signerByOrder:
		return strconv.Itoa(i + 1)
	}
	return ""
}
