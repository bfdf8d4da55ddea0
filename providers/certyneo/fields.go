package certyneo

import (
	"cmp"
	"context"
	"errors"
	"io"
	"regexp"
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
		n++
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
		stamped = stamped || s.Stamp != nil
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
		height, err := pageHeight(content)
		content.Close()
		if err != nil {
			return nil, err
		}
		heights[i] = cmp.Or(height, a4Height)
	}
	return heights, nil
}

var mediaBox = regexp.MustCompile(`/MediaBox\s*\[\s*(-?[\d.]{1,12})\s+(-?[\d.]{1,12})\s+(-?[\d.]{1,12})\s+(-?[\d.]{1,12})\s*\]`)

// pageHeight finds the height of a PDF's pages from its page boxes, without parsing
// it: 0 when they are compressed, or when pages differ. It streams.
func pageHeight(r io.Reader) (float64, error) {
	const overlap = 128 // a box may lie across two windows
	buf := make([]byte, 64<<10)
	kept, height := 0, 0.0
	for {
		n, err := io.ReadFull(r, buf[kept:])
		window := buf[:kept+n]
		for _, m := range mediaBox.FindAllSubmatch(window, -1) {
			bottom, err1 := strconv.ParseFloat(string(m[2]), 64)
			top, err2 := strconv.ParseFloat(string(m[4]), 64)
			h := max(top, bottom) - min(top, bottom)
			if err1 != nil || err2 != nil || h == 0 || height != 0 && h != height {
				return 0, nil
			}
			height = h
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return height, nil
		case err != nil:
			return 0, err
		}
		kept = copy(buf, window[len(window)-overlap:])
	}
}
