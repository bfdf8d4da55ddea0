package certyneo

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/chancela/chancela/providers"
)

// The place of a signature that nobody has placed: the default of the vendor's own
// form (reference §4). Further signers stand beside it, then above (our choice), so
// that no two cover each other on an A4 page: three in a row, fourteen rows.
const (
	defaultX      = 72
	defaultY      = 700 // from the top
	defaultWidth  = 150
	defaultHeight = 40

	columnStep = 160
	columns    = 3
	rowStep    = 50
	rows       = 14
)

// a4Height is the height of a page, in points, where the document does not tell.
const a4Height = 842

// signatureFields gives every signer a signature on every document (our choice:
// Certyneo wants at least one each, reference §5). A stamp says where on the first
// document; a page of that number need not exist in the others. Approvers validate
// without signing (reference §4) and have none.
func signatureFields(signers []providers.Signer, heights []float64, o options) []field {
	var fields []field
	n := 0 // of those who sign
	for _, s := range signers {
		if role(s) != roleSigner {
			continue
		}
		for i, height := range heights {
			f := defaultField(n)
			if s.Stamp != nil && i == 0 {
				f = stampField(*s.Stamp, height)
			}
			f.RecipientEmail, f.DocumentIndex, f.FieldType = s.Email, i, "SIGNATURE"
			if o.anchor != "" {
				f.AnchorText = strings.ReplaceAll(o.anchor, "{n}", strconv.Itoa(n+1))
				f.AnchorPlacement, f.AnchorIndex = o.placement, o.anchorIndex
				if f.AnchorText == o.anchor { // all look for the same text
					f.AnchorIndex += n
				}
			}
			fields = append(fields, f)
		}
		fields = append(fields, filledIn(s, heights[0])...)
		n++
	}
	return fields
}

// filledIn are the other fields of a signer, on the first document (reference §4). A date is
// that of the signature: there is no other.
func filledIn(s providers.Signer, height float64) []field {
	var fields []field
	for _, kind := range []struct {
		name   string
		places []providers.Place
	}{{"DATE_SIGNED", s.Date}, {"TEXT", s.Text}, {"CHECKBOX", s.Checkbox}} {
		for _, place := range kind.places {
			f := stampField(place.Stamp, height)
			f.RecipientEmail, f.FieldType = s.Email, kind.name
			fields = append(fields, f)
		}
	}
	return fields
}

func defaultField(n int) field {
	return field{
		PageNumber: 1,
		X:          float64(defaultX + n%columns*columnStep),
		Y:          float64(defaultY - n/columns%rows*rowStep),
		Width:      defaultWidth, Height: defaultHeight,
	}
}

// stampField turns a stamp, measured from the page's lower left corner, into a field
// measured from the upper left.
func stampField(s providers.Stamp, pageHeight float64) field {
	return field{
		PageNumber: s.Page,
		X:          s.X, Y: max(0, pageHeight-s.Y-s.Height),
		Width: s.Width, Height: s.Height,
	}
}

// pageHeights gives the page height of each document, in points. Only a stamp needs
// it, and only of the first document; the others are taken for A4.
func pageHeights(ctx context.Context, job *providers.Job) ([]float64, error) {
	heights := make([]float64, len(job.Envelope.Documents))
	stamped := false
	for _, s := range job.Envelope.Signers {
		stamped = stamped || s.Stamp != nil || len(s.Date)+len(s.Text)+len(s.Checkbox) > 0
	}
	for i, d := range job.Envelope.Documents {
		heights[i] = a4Height
		if i > 0 || !stamped || d.TypeByName() != providers.TypePDF {
			continue
		}
		content, err := job.OpenDocument(ctx, d)
		if err != nil {
			return nil, err
		}
		height, err := providers.PageHeight(content)
		content.Close()
		if err != nil {
			return nil, err
		}
		heights[i] = cmp.Or(height, a4Height)
	}
	return heights, nil
}
